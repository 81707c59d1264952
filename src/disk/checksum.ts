/**
 * A 32-bit checksum (FNV-1a) that tells pieces of files and names apart, and no more than that. Node's crc32 would load
 * all of its compression into each idle run, which costs more than the few kilobytes that are summed up here.
 */
export function checksum(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

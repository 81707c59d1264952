const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;
const PEER = /((?:^|:)(?:group|channel|room|direct|dm):)(.+?)(:(?:topic|thread):[^:]+)?$/is;
/** So short a part of an id would be found in other words, too. */
const LEAST_LENGTH = 5;

/**
 * A session key as it may leave the host: of the ids of people, groups and rooms, phone numbers above all, only the last two
 * characters are left.
 */
export function maskKey(key: string): string {
  return key
    .replace(PEER, (_, before: string, peer: string, thread = "") => `${before}${masked(peer)}${thread}`)
    .split(":")
    .map((part) => (!UUID.test(part) && /\d{5,}|@/.test(part) ? masked(part) : part))
    .join(":");
}

/** A text as it may leave the host. `keys`: the session keys that it may speak of; phone numbers are known by themselves. */
export function maskText(text: string, keys: readonly string[]): string {
  let masking = text;
  for (const key of [...new Set(keys)].sort((one, other) => other.length - one.length)) {
    masking = masking.replaceAll(key, maskKey(key));
    const peer = PEER.exec(key)?.[2];
    if (peer !== undefined && peer.length >= LEAST_LENGTH) masking = masking.replaceAll(peer, masked(peer));
  }
  return masking.replace(/\+\d{5,}|\b\d{5,}(?=@)/g, masked);
}

function masked(id: string): string {
  return id.length >= LEAST_LENGTH ? `…${id.slice(-2)}` : "…";
}

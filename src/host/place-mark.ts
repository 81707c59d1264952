import { hostname } from "node:os";
import { namespaceOf } from "./mounts.ts";

let known: string | undefined;

/**
 * Eight hex digits that tell this host and container from others that may share a folder: where a name carries them, process ids
 * mean the same as here.
 */
export function placeMark(): string {
  known ??= fnv1a(`${hostname()}\0${namespaceOf("self", "pid") ?? ""}`);
  return known;
}

/** Enough to tell places apart, and at hand without a library that an idle run does not need. */
function fnv1a(text: string): string {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}

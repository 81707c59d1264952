import { checksum } from "./checksum.ts";

const READABLE_LENGTH = 48;

/** A file name for something that belongs to a path: its readable end, and a checksum that tells like-named ones apart. */
export function nameForPath(path: string): string {
  const readable = path
    .replace(/[^A-Za-z0-9]+/g, "-")
    .replace(/^-/, "")
    .slice(-READABLE_LENGTH);
  return `${readable}-${checksum(Buffer.from(path)).toString(16).padStart(8, "0")}`;
}

import { realpathSync } from "node:fs";
import { dirname } from "node:path";

/** The path on this host of a path that a program inside a container wrote; the longest mapped prefix wins. */
export function mapPath(path: string, mapping: Record<string, string>): string {
  const prefix = Object.keys(mapping)
    .filter((from) => path === from || path.startsWith(from.endsWith("/") ? from : `${from}/`))
    .toSorted((a, b) => b.length - a.length)[0];
  return prefix === undefined ? path : (mapping[prefix] ?? "") + path.slice(prefix.length);
}

/** The other way: how a program inside the container would name a path of this host. */
export function unmapPath(path: string, mapping: Record<string, string>): string {
  return mapPath(path, Object.fromEntries(Object.entries(mapping).map(([inside, here]) => [here, inside])));
}

/** What `~` is to a gateway: of one in a container, the folder above its home as it is named in there. */
export function userHomeOf(home: string, mapping: Record<string, string>, homeDirectory: string): string {
  const inside = unmapPath(home, mapping);
  return inside === home ? homeDirectory : dirname(inside);
}

const SLUG_LIMIT = 200;

/**
 * The names that Claude Code gives the project folder of a working directory: every character outside A-Z, a-z and 0-9
 * becomes a dash. Later releases shorten a long name and add a hash, so a long path has two.
 */
export function projectNamesOf(directory: string): string[] {
  const path = directory.normalize("NFC");
  const slug = path.replace(/[^A-Za-z0-9]/g, "-");
  if (slug.length <= SLUG_LIMIT) return [slug];
  let hash = 0;
  for (let index = 0; index < path.length; index += 1) hash = (Math.imul(hash, 31) + path.charCodeAt(index)) | 0;
  return [slug, `${slug.slice(0, SLUG_LIMIT)}-${Math.abs(hash).toString(36)}`];
}

/** The real path, or the path itself where nothing is there yet. */
export function realPathOr(path: string): string {
  try {
    return realpathSync.native(path);
  } catch {
    return path;
  }
}

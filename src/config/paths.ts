import { join, resolve } from "node:path";

/** Whose `~` it is, and where a relative path starts. Both absolute. */
export type PathBase = { homeDirectory: string; cwd: string };

/** An absolute, normalised path without a trailing slash. `~` and `~/…` are the home directory. */
export function absolutePath(path: string, base: PathBase): string {
  const expanded = path === "~" || path.startsWith("~/") ? join(base.homeDirectory, path.slice(1)) : path;
  return resolve(base.cwd, expanded);
}

/** A gateway log: a path or glob, made absolute, or `journal:UNIT`, as it is. */
export function logSource(source: string, base: PathBase): string {
  return source.startsWith("journal:") ? source : absolutePath(source, base);
}

import { existsSync, readdirSync, realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { errnoOf } from "../errors.ts";

/**
 * The files that a configured log (an absolute path or a glob) means at the moment, by their real paths. A path is itself
 * even when nothing is there; of a glob's matches compressed ones are left out, since nobody writes to them.
 *
 * @throws EACCES and the like of a folder that cannot be read
 */
export async function logFilesOf(source: string): Promise<string[]> {
  if (!/[*?[{]/.test(source) || existsSync(source)) return [realPathOf(source)];
  const matches = isSimple(source) ? namesLike(source) : await matchesOf(source);
  const paths = matches.filter((path) => !path.endsWith(".gz")).map(realPathOf);
  return [...new Set(paths)].sort();
}

/** Stars in the file's name alone, as in the gateway's own dated logs: not worth loading a package in each idle run. */
const isSimple = (source: string) =>
  !/[*?[\]{}()!+@|\\]/.test(dirname(source)) && !/[[\]{}()!+@|\\]/.test(basename(source));

function namesLike(source: string): string[] {
  const expression = basename(source).replace(/[.^$]/g, "\\$&").replace(/\*+/g, ".*").replaceAll("?", ".");
  const pattern = new RegExp(`^${expression}$`, "s");
  const folder = dirname(source);
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    const names = entries.filter((entry) => (entry.isFile() || entry.isSymbolicLink()) && pattern.test(entry.name));
    return names.map(({ name }) => join(folder, name));
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR") return [];
    throw error;
  }
}

async function matchesOf(source: string): Promise<string[]> {
  const { default: glob } = await import("fast-glob");
  return glob(source, { absolute: true, dot: true });
}

function realPathOf(path: string): string {
  try {
    return realpathSync.native(path);
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR") return path;
    throw error;
  }
}

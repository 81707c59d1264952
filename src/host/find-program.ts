import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";

/**
 * The file that runs when this word is called, as a shell looks it up: a word with a slash is a path, any other is looked for
 * in the folders of the search path. Undefined when there is none that may be run.
 */
export function findProgram(word: string, searchPath: string): string | undefined {
  const candidates = word.includes("/")
    ? [word]
    : searchPath
        .split(delimiter)
        .filter(Boolean)
        .map((folder) => join(folder, word));
  return candidates.find(mayRun);
}

function mayRun(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

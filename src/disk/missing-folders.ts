import { existsSync } from "node:fs";
import { dirname } from "node:path";

/** Which folders would have to be made for one to be there, the deepest first. */
export function missingFolders(folder: string): string[] {
  return existsSync(folder) ? [] : [folder, ...missingFolders(dirname(folder))];
}

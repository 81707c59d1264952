import { join } from "node:path";
import { archiveFolderOf } from "../archive/folder.ts";
import type { Settings } from "../config/settings.ts";
import type { Installation } from "../installation/installation.ts";
import { realPathOr } from "../installation/paths.ts";
import type { Request } from "./run.ts";

/** Where archives of an installation's transcripts lie. */
export function foldersOf(installation: Installation, settings: Settings): string[] {
  const { claude, openclaw } = installation;
  const homes = [
    ...(claude ? [{ dialect: "claude-code" as const, path: join(claude.home, "projects") }] : []),
    ...(openclaw ? [{ dialect: "openclaw" as const, path: join(openclaw.home, "agents") }] : []),
  ];
  const folders = homes.map((of) => archiveFolderOf(settings, installation, of));
  if (homes.length === 0 && settings.archive.directory !== null) folders.push(settings.archive.directory);
  return [...new Set(folders.map(realPathOr))];
}

/** True when no other installation can keep archives in the same folder: there is none, also not one that was left out. */
export function keepsArchivesAlone({ flags }: Request, { installations }: Settings): boolean {
  return installations.length === 1 && (flags.installation ?? []).length === 0;
}

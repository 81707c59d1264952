import { join, sep } from "node:path";
import type { Settings } from "../config/settings.ts";
import type { Dialect } from "../dialects/dialect.ts";
import { KeeperError } from "../errors.ts";
import type { Installation } from "../installation/installation.ts";

/**
 * Where archives of a dialect go: the configured folder, or `session-archives` in the home that the transcripts are from.
 *
 * @throws KeeperError when that lies among the programs' own session files, where they would take archives for sessions
 */
export function archiveFolderOf(
  settings: Settings,
  { claude, openclaw }: Installation,
  dialect: Dialect["name"],
): string {
  const home = dialect === "claude-code" ? claude?.home : openclaw?.home;
  const folder = settings.archive.directory ?? join(home ?? "", "session-archives");
  const forbidden = [claude?.projects, ...(openclaw ? [join(openclaw.home, "agents")] : [])];
  if (forbidden.some((place) => place !== undefined && (folder === place || folder.startsWith(place + sep)))) {
    throw new KeeperError(
      "failed",
      `archives must not lie in ${folder}, among the session files themselves`,
      "nothing was changed; choose another archive.directory",
    );
  }
  return folder;
}

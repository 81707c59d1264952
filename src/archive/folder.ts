import { dirname, join, sep } from "node:path";
import type { Settings } from "../config/settings.ts";
import type { Dialect } from "../dialects/dialect.ts";
import { KeeperError } from "../errors.ts";
import type { Installation } from "../installation/installation.ts";

/**
 * Where archives of a dialect go: the configured folder, or `session-archives` in the home that the transcripts are from;
 * for a file that a person named and that lies in no home, beside it.
 *
 * @throws KeeperError when that lies among the programs' own session files, where they would take archives for sessions
 */
export function archiveFolderOf(
  settings: Settings,
  { claude, openclaw, folders }: Installation,
  { dialect, path }: { dialect: Dialect["name"]; path: string },
): string {
  const own = dialect === "claude-code" ? claude?.home : openclaw?.home;
  const isNamed = folders.length > 0 && !(own !== undefined && path.startsWith(own + sep));
  const home = isNamed || own === undefined ? outside(dirname(path)) : own;
  const folder = settings.archive.directory ?? join(home, "session-archives");
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

/** Programs take what lies below folders of these names for sessions of theirs. */
function outside(folder: string): string {
  const parts = folder.split(sep);
  const at = parts.findIndex((name) => name === "sessions" || name === "projects");
  return at < 0 ? folder : parts.slice(0, at).join(sep) || sep;
}

import { existsSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { OpenClawHome } from "./installation.ts";
import { mapPath } from "./paths.ts";

/**
 * Where the gateway of a home logs when nobody says otherwise: what its configuration names, its dated files under the
 * temporary folder, and the files of a launch daemon. Only folders that belong to the home's owner count, because
 * another user's gateway may log to the same place.
 */
export function defaultLogs({ home, config }: OpenClawHome, paths: Record<string, string>): string[] {
  const { uid } = statSync(home);
  const temporary = [...new Set([tmpdir(), "/tmp"])];
  const usual = temporary.flatMap((folder) => [
    join(folder, "openclaw", "openclaw-*.log"),
    join(folder, "clawdbot", "clawdbot-*.log"),
    join(folder, `openclaw-${uid}`, "openclaw-*.log"),
  ]);
  const dated = [...new Set([...usual, ...usual.map((path) => mapPath(path, paths))])];
  const named = config.logFile && !config.logFile.startsWith("~") ? [mapPath(config.logFile, paths)] : [];
  const candidates = [...named, ...dated, join(home, "logs", "gateway.log"), join(home, "logs", "gateway.err.log")];
  return candidates.filter((path) => {
    const place = path.includes("*") ? dirname(path) : path;
    return existsSync(place) && statSync(place).uid === uid;
  });
}

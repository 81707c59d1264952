import { readFileSync, statSync } from "node:fs";
import { loadSettings } from "../config/load.ts";
import { KeeperError } from "../errors.ts";
import type { SetupReport } from "../report/document.ts";
import { logrotateLines } from "../setup/logrotate.ts";
import type { Request, World } from "./run.ts";

/** Prints what logrotate needs for the configured log. @throws KeeperError `config` where none is configured */
export async function setUpLogrotate({ request, world }: { request: Request; world: World }): Promise<SetupReport> {
  const { file } = (await loadSettings(request.flags, world.surroundings)).log;
  if (file === null)
    throw new KeeperError(
      "config",
      "no log is configured, so there is nothing to rotate",
      'nothing was printed; a log is kept once log.file names one, such as log: { file: "~/session-keeper.log" }',
    );
  const { uid, gid } = ownerOf(file, world.surroundings.uid);
  const lines = logrotateLines({ file, user: nameIn("/etc/passwd", uid), group: nameIn("/etc/group", gid) });
  return { text: `${lines.join("\n")}\n` };
}

/** Of the log as it is; of whoever runs this where there is none yet. */
function ownerOf(file: string, uid: number): { uid: number; gid: number } {
  try {
    return statSync(file);
  } catch {
    return { uid, gid: process.getegid?.() ?? uid };
  }
}

/** By the files in which a machine lists its users and groups; the number where it does not know it. */
function nameIn(list: string, id: number): string {
  const entries = readFileSync(list, "utf8").split("\n");
  const known = entries.map((line) => line.split(":")).find((fields) => fields[2] === String(id));
  return known?.[0] ?? String(id);
}

import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { type Disk, ownershipInFolder } from "../disk/disk.ts";
import { errnoOf, KeeperError } from "../errors.ts";
import { runCommand } from "../host/command.ts";

const LIMIT_MS = 10_000;

/** Lays a copy of a crontab into the state folder. @param text one character a byte @returns its path */
export function backUpCrontab(disk: Disk, stateDirectory: string, text: string): string {
  const time = new Date().toISOString().replace(/[-:]|\.\d+/g, "");
  for (let number = 1; ; number += 1) {
    const name = `crontab-${time}${number === 1 ? "" : `-${number}`}`;
    try {
      return writeBeside(disk, stateDirectory, name, text);
    } catch (error) {
      if (errnoOf(error) !== "EEXIST") throw error;
    }
  }
}

/**
 * Makes this this user's crontab, by the command `crontab`; of an empty one nothing is left.
 *
 * @param text one character a byte
 * @throws KeeperError when the command refuses it; the crontab is as it was then
 */
export async function writeCrontab(
  disk: Disk,
  stateDirectory: string,
  text: string,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  if (text === "") return run(["crontab", "-r"], env);
  const draft = writeBeside(disk, stateDirectory, `draft-${process.pid}`, text);
  const descriptor = openSync(draft, "r");
  try {
    await run(["crontab", "-"], env, descriptor);
  } finally {
    closeSync(descriptor);
    disk.remove(draft);
  }
}

function writeBeside(disk: Disk, stateDirectory: string, name: string, text: string): string {
  const folder = join(stateDirectory, "crontabs");
  disk.makeFolder(folder);
  const path = join(folder, name);
  disk.createWith(path, Buffer.from(text, "latin1"), { ...ownershipInFolder(folder), mode: 0o600 });
  return path;
}

async function run(argv: string[], env: NodeJS.ProcessEnv, stdin?: number): Promise<void> {
  const options = { timeoutMs: LIMIT_MS, env: { ...env, LC_ALL: "C" }, ...(stdin === undefined ? {} : { stdin }) };
  const { status, stderr, failure } = await runCommand(argv, options);
  if (status === 0) return;
  const says = (failure ?? stderr).trim().split("\n")[0] ?? "";
  throw new KeeperError(
    "failed",
    `the command crontab did not take the new crontab (${says})`,
    "the crontab is as it was; see what session-keeper setup cron prints, and put it there by hand",
  );
}

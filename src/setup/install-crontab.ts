import type { Disk } from "../disk/disk.ts";
import { KeeperError } from "../errors.ts";
import { parseCrontab } from "./crontab.ts";
import { splitAtBlock, withBlock, withoutBlock } from "./crontab-block.ts";
import { ownJobsIn } from "./own-jobs.ts";
import { readCrontab } from "./read-crontab.ts";
import { backUpCrontab, writeCrontab } from "./write-crontab.ts";

/** What became of the crontab. `backup`: where it lies as it was; absent: there was nothing in it. */
export type CrontabChange = { result: "planned" | "done" | "already-done"; backup?: string };

/** `disk` absent: only tell. */
export type CrontabTools = {
  disk?: Disk | undefined;
  env: NodeJS.ProcessEnv;
  user: string;
  stateDirectory: string;
};

/**
 * Puts our block into this user's crontab, or puts it right. As it was before it lies in the state folder then.
 *
 * @param linesFor our lines, given the search path that holds where they stand
 * @throws KeeperError when the crontab cannot be had, its marks are damaged, or lines of ours stand outside of them
 */
export async function installBlock(
  linesFor: (searchPath: string) => string[],
  tools: CrontabTools,
): Promise<CrontabChange> {
  const old = await crontabOf(tools);
  const { before } = splitAtBlock(old);
  refuseStrays(old);
  const here = parseCrontab(`${utf8(before)}\n@reboot true`, "", false).at(-1);
  return change(old, withBlock(old, linesFor(here?.variables.PATH ?? "").map(latin1)), tools);
}

/** Takes our block out of this user's crontab. @throws KeeperError when the crontab cannot be had or its marks are damaged */
export async function uninstallBlock(tools: CrontabTools): Promise<CrontabChange> {
  const old = await crontabOf(tools);
  return change(old, withoutBlock(old), tools);
}

/** Lines that a person wrote are that person's: with ours beside them, everything would run twice. */
function refuseStrays(crontab: string): void {
  const { before, block, after } = splitAtBlock(crontab);
  const others = before + block.replace(/[^\n]/g, "") + after;
  const strays = ownJobsIn(parseCrontab(utf8(others), "", false)).map(({ job }) => job.line);
  if (strays.length === 0) return;
  throw new KeeperError(
    "failed",
    `the crontab has lines of session-keeper already, which would run beside the new ones: line ${strays.join(", ")}`,
    "nothing was changed; take them out (crontab -e), or keep them and do without --install",
  );
}

async function crontabOf({ env, user }: CrontabTools): Promise<string> {
  const crontab = await readCrontab(env);
  if ("text" in crontab) return crontab.text;
  const { state, says } = crontab;
  const [message, hint] = {
    missing: ["there is no command crontab on this machine", "as root: apt-get install cron"],
    refused: [`${user} may not have a crontab (${says})`, `as root: add ${user} to /etc/cron.allow`],
    failed: [`the crontab of ${user} cannot be read (${says})`, "see what it says by hand: crontab -l"],
  }[state] as [string, string];
  throw new KeeperError("failed", message, `nothing was changed; ${hint}; or session-keeper setup systemd --install`);
}

async function change(old: string, next: string, tools: CrontabTools): Promise<CrontabChange> {
  const { disk, env, stateDirectory } = tools;
  if (next === old) return { result: "already-done" };
  if (!disk) return { result: "planned" };
  const backup = old === "" ? undefined : backUpCrontab(disk, stateDirectory, old);
  if ((await crontabOf(tools)) !== old)
    throw new KeeperError(
      "changed",
      "somebody changed the crontab in this very moment",
      "it was left as it is now; run this again",
    );
  await writeCrontab(disk, stateDirectory, next, env);
  if ((await crontabOf(tools)) !== next) {
    await writeCrontab(disk, stateDirectory, old, env);
    throw new KeeperError(
      "failed",
      "the crontab was another one than was given to it when it was read back",
      "it was put back as it was; see what session-keeper setup cron prints, and put it there by hand",
    );
  }
  return { result: "done", ...(backup === undefined ? {} : { backup }) };
}

function utf8(text: string): string {
  return Buffer.from(text, "latin1").toString("utf8");
}

function latin1(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}

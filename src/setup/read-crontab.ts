import { runCommand } from "../host/command.ts";

const LIMIT_MS = 10_000;
/** From here on it may be cut off. */
const LARGEST = 256 * 1024;

/**
 * This user's crontab. `text`: one character a byte (latin1), so that what is in it can be given back byte for byte.
 * `none`: the user has none yet. `refused`, `missing`, `failed`: it cannot be had; `says`: what the command `crontab` said.
 */
export type Crontab =
  | { state: "read"; text: string }
  | { state: "none"; text: "" }
  | { state: "refused" | "missing" | "failed"; says: string };

/** Asks the command `crontab`, which alone may look. */
export async function readCrontab(env: NodeJS.ProcessEnv): Promise<Crontab> {
  const asked = { timeoutMs: LIMIT_MS, encoding: "latin1" as const, env: { ...env, LC_ALL: "C" } };
  const { status, stdout, stderr, failure, timedOut } = await runCommand(["crontab", "-l"], asked);
  const says = (failure ?? (timedOut ? `no answer within ${LIMIT_MS / 1000} s` : stderr)).trim().split("\n")[0] ?? "";
  if (failure !== undefined) return { state: "missing", says };
  if (status === 0 && stdout.length >= LARGEST) return { state: "failed", says: "it is larger than 256 KiB" };
  if (status === 0) return { state: "read", text: stdout };
  if (/^no crontab for|: No such file or directory$/im.test(stderr.trim())) return { state: "none", text: "" };
  return { state: /not allowed|not authorized|denied/i.test(stderr) ? "refused" : "failed", says };
}

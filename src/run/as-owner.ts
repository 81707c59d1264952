import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { KeeperError } from "../errors.ts";
import { isUserHere } from "../host/user-map.ts";
import { homesOf } from "../installation/discover.ts";
import type { Installation } from "../installation/installation.ts";
import type { InstallationReport } from "../report/document.ts";
import { blankReport } from "./blank-report.ts";
import type { Charge, OnReport, RunContext } from "./side-by-side.ts";

/**
 * Who a child process becomes. A user that this host does not know, as in containers, has no name. `stateDirectory`: where his
 * state is, when he has no home directory of his own for it.
 */
export type Account = { uid: number; gid: number; name?: string; home: string; stateDirectory?: string };

/** What a child process is given to do: the installations of one account, at most `limit` at once. */
export type Task = Pick<RunContext, "request" | "settings" | "runId"> & {
  account: Account;
  charges: Charge[];
  limit: number;
};

/** What became of one of them. */
export type Answer = { index: number; report: InstallationReport };

/** Where state is of owners who have no home directory on this host. */
const STATE_OF_STRANGERS = "/var/lib/session-keeper";

/**
 * The account that must do the work on an installation when this process is root and the homes are somebody else's: a file
 * that root leaves behind there would be one that the gateway can't read. Undefined when we may work as we are.
 *
 * @throws KeeperError when the two homes belong to two users, or to one that nobody can become here
 */
export function foreignOwnerOf(installation: Installation): Account | undefined {
  if (process.geteuid?.() !== 0) return undefined;
  const owners = new Map(homesOf(installation).map((home) => [statSync(home).uid, statSync(home).gid]));
  if (owners.size > 1) {
    throw new KeeperError(
      "failed",
      "the two homes of this installation belong to different users",
      "nothing was changed; make them two installations, one for each user",
    );
  }
  const [owner] = owners;
  if (!owner || owner[0] === 0) return undefined;
  const [uid, gid] = owner;
  if (!isUserHere(uid))
    throw new KeeperError(
      "failed",
      "the homes of this installation belong to a user whom this user namespace does not know",
      "nothing was changed; run session-keeper outside of it, or map that user into it",
    );
  const { name, home } = lookUp(uid);
  const beside = dirname(homesOf(installation)[0] ?? "/");
  const his = [home, beside].find((path) => path !== undefined && uidOf(path) === uid);
  const stateDirectory = his === undefined ? { stateDirectory: `${STATE_OF_STRANGERS}/${uid}` } : {};
  return { uid, gid, home: his ?? home ?? beside, ...(name ? { name } : {}), ...stateDirectory };
}

/** The home directory of the user to whom a path belongs; undefined for root, and for one that this host does not know. */
export function homeOfStranger(path: string): string | undefined {
  const uid = uidOf(path);
  return uid ? lookUp(uid).home : undefined;
}

/** Undefined where nothing is there, or it can't be looked at. */
function uidOf(path: string): number | undefined {
  try {
    return statSync(path).uid;
  } catch {
    return undefined;
  }
}

/** Has one child process do the work on installations of one owner as that owner, and hears what became of each. */
export async function runAsOwner(
  charges: readonly Charge[],
  { request, settings, runId, world }: RunContext,
  limit: number,
  onReport: OnReport,
): Promise<void> {
  const account = charges[0]?.account;
  if (!account) return;
  const { fork } = await import("node:child_process");
  const task: Task = { account, charges: [...charges], request, settings, runId, limit };
  const unheard = new Map(charges.map(({ index, prospect }) => [index, prospect]));
  const giveUp = (message: string, hint: string) => {
    for (const [index, prospect] of unheard)
      onReport(index, { ...blankReport(prospect), failure: { code: "failed", message, hint } });
  };
  await new Promise<void>((resolve) => {
    const child = fork(process.argv[1] ?? "", ["--worker"], {
      env: environmentFor(account),
      serialization: "advanced",
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    const stop = () => child.kill("SIGTERM");
    world.signal.addEventListener("abort", stop, { once: true });
    if (world.signal.aborted) stop(); // before the task is sent: nothing has begun
    child.on("message", (message) => {
      const { index, report } = message as Answer;
      unheard.delete(index);
      onReport(index, report);
    });
    child.once("error", (error) => {
      giveUp(
        `no process could be started for user ${account.uid} (${error.message})`,
        "nothing of this installation was changed",
      );
      unheard.clear();
      resolve();
    });
    child.once("close", () => {
      world.signal.removeEventListener("abort", stop);
      giveUp(
        `the process for user ${account.uid} ended without a report`,
        "look into the journal in that user's state folder",
      );
      resolve();
    });
    child.send(task);
  });
}

function environmentFor({ uid, name, home }: Account): NodeJS.ProcessEnv {
  const kept = Object.fromEntries(
    ["PATH", "LANG", "LC_ALL", "TZ", "TMPDIR"].flatMap((key) =>
      process.env[key] === undefined ? [] : [[key, process.env[key]]],
    ),
  );
  const runtime = `/run/user/${uid}`;
  return {
    ...kept,
    HOME: home,
    ...(name ? { USER: name, LOGNAME: name } : {}),
    ...(existsSync(runtime) ? { XDG_RUNTIME_DIR: runtime } : {}),
  };
}

function lookUp(uid: number): { name?: string; home?: string } {
  const fields = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":"))
    .find((candidate) => candidate[2] === String(uid));
  return fields?.[0] && fields[5] ? { name: fields[0], home: fields[5] } : {};
}

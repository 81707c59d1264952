import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { KeeperError } from "../errors.ts";
import { homesOf } from "../installation/discover.ts";
import type { Installation } from "../installation/installation.ts";
import type { InstallationReport } from "../report/document.ts";
import type { DutyContext } from "./duty.ts";

/** Who a child process becomes. A user that this host does not know, as in containers, has no name. */
export type Account = { uid: number; gid: number; name?: string; home: string };

/** What a child process is given to do. */
export type Task = {
  account: Account;
  installation: Installation;
  request: DutyContext["request"];
  settings: DutyContext["settings"];
  runId: string;
  sharedLogs: string[];
};

export type Answer = {
  report?: Pick<InstallationReport, "findings" | "actions" | "spared" | "isToldAlready" | "undo" | "status" | "checks">;
  failure?: InstallationReport["failure"];
};

/**
 * The account that must do the work on an installation when this process is root and the homes are somebody else's: a file
 * that root leaves behind there would be one that the gateway can't read. Undefined when we may work as we are.
 *
 * @throws KeeperError when the two homes belong to two users
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
  return { uid: owner[0], gid: owner[1], home: dirname(homesOf(installation)[0] ?? "/"), ...lookUp(owner[0]) };
}

/** Has a child process do the work on one installation as its owner, and waits for its report. */
export async function runAsOwner(account: Account, installation: Installation, context: DutyContext): Promise<Answer> {
  const { fork } = await import("node:child_process");
  const { request, settings, runId, sharedLogs, world } = context;
  const task: Task = { account, installation, request, settings, runId, sharedLogs: [...sharedLogs] };
  return new Promise((resolve) => {
    const child = fork(process.argv[1] ?? "", ["--worker"], {
      env: environmentFor(account),
      serialization: "advanced",
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    let answer: Answer = {
      failure: {
        code: "failed",
        message: `the process for user ${account.uid} ended without a report`,
        hint: "look into the journal in that user's state folder",
      },
    };
    const stop = () => child.kill("SIGTERM");
    world.signal.addEventListener("abort", stop, { once: true });
    if (world.signal.aborted) stop(); // before the task is sent: nothing has begun
    child.once("message", (message) => {
      answer = message as Answer;
    });
    child.once("error", (error) => {
      answer = {
        failure: {
          code: "failed",
          message: `no process could be started for user ${account.uid} (${error.message})`,
          hint: "nothing of this installation was changed",
        },
      };
      resolve(answer);
    });
    child.once("close", () => {
      world.signal.removeEventListener("abort", stop);
      resolve(answer);
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

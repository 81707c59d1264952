import type { Answer, Task } from "./as-owner.ts";
import { lookAfter } from "./look-after.ts";
import { describeFailure } from "./prospects.ts";

/**
 * The child process of a run as root: takes one task, becomes the owner of the homes for good, does the work and answers.
 */
export async function serve(version: string): Promise<void> {
  // Loaded while still root: the owner may not be able to read where this program is installed.
  await Promise.all([
    import("proper-lockfile"),
    import("fast-glob"),
    import("json5"),
    import("./work.ts"),
    import("./look-for-corruption.ts"),
    import("./look-for-locks.ts"),
    import("./look-to-archive.ts"),
    import("./look-to-validate.ts"),
    import("tar"),
    import("./restore-undo.ts"),
    import("./look-at-status.ts"),
    import("../state/history.ts"),
    import("./check-installation.ts"),
  ]);
  const stop = new AbortController();
  process.on("SIGTERM", () => stop.abort(new Error("stopped by SIGTERM")));
  // a terminal sends these to the parent as well, which passes them on as SIGTERM
  for (const signal of ["SIGINT", "SIGHUP"] as const) process.on(signal, () => undefined);
  const task = await new Promise<Task>((resolve) => process.once("message", (message) => resolve(message as Task)));
  let answer: Answer;
  try {
    become(task);
    const surroundings = {
      env: process.env,
      homeDirectory: task.account.home,
      uid: task.account.uid,
      cwd: "/",
      systemDirectory: "/etc/session-keeper",
    };
    const world = { surroundings, version, signal: stop.signal };
    const { request, settings, runId, installation } = task;
    answer = {
      report: await lookAfter(installation, {
        request,
        settings,
        runId,
        world,
        sharedLogs: new Set(task.sharedLogs),
      }),
    };
  } catch (error) {
    answer = { failure: describeFailure(error) };
  }
  process.send?.(answer, () => process.disconnect());
}

/** Node has it; its type declarations leave it out. */
type WithGroups = { initgroups: (user: string, extraGroup: number) => void };

function become({ account: { uid, gid, name } }: Task): void {
  if (name === undefined) process.setgroups?.([gid]);
  else (process as unknown as WithGroups).initgroups(name, gid);
  process.setgid?.(gid);
  process.setuid?.(uid);
  process.umask(0o077);
  process.chdir("/");
}

import { dirname } from "node:path";
import { openDisk } from "../disk/disk.ts";
import type { Account, Answer, Task } from "./as-owner.ts";
import { blankReport } from "./blank-report.ts";
import { describeFailure } from "./prospects.ts";
import { lookAfterCharges } from "./side-by-side.ts";

/**
 * The child process of a run as root: takes one task, becomes the owner of the homes for good, does the work and answers.
 */
export async function serve(version: string): Promise<void> {
  const stop = new AbortController();
  process.on("SIGTERM", () => stop.abort(new Error("stopped by SIGTERM")));
  // a terminal sends these to the parent as well, which passes them on as SIGTERM
  for (const signal of ["SIGINT", "SIGHUP"] as const) process.on(signal, () => undefined);
  process.once("disconnect", () => stop.abort(new Error("the run that asked for this has ended")));
  const task = await new Promise<Task>((resolve) => process.once("message", (message) => resolve(message as Task)));
  const { account, charges, request, settings, runId, limit } = task;
  const sent: Promise<void>[] = [];
  // whoever asked may be gone by now, which is no failure of the work
  const answer = (of: Answer) => sent.push(new Promise((resolve) => process.send?.(of, () => resolve())));
  try {
    const onlyLooks = request.dryRun || request.setup !== undefined || request.command === "status";
    await loadAhead(request.setup !== undefined);
    if (!onlyLooks) makeStateDirectory(account);
    become(account);
    const surroundings = {
      env: process.env,
      homeDirectory: account.home,
      uid: account.uid,
      cwd: "/",
      systemDirectory: "/etc/session-keeper",
    };
    const world = { surroundings, version, signal: stop.signal };
    await lookAfterCharges(charges, { request, settings, runId, world }, limit, (index, report) =>
      answer({ index, report }),
    );
  } catch (error) {
    const failure = describeFailure(error);
    for (const { index, prospect } of charges) answer({ index, report: { ...blankReport(prospect), failure } });
  }
  await Promise.all(sent);
  if (process.connected) process.disconnect();
}

/** While this is still root: the owner may not be able to read where this program is installed. */
async function loadAhead(isSetup: boolean): Promise<void> {
  await Promise.all([
    import("proper-lockfile"),
    import("fast-glob"),
    import("json5"),
    import("tar"),
    import("./work.ts"),
    import("./look-for-corruption.ts"),
    import("./look-for-locks.ts"),
    import("./look-to-archive.ts"),
    import("./look-to-validate.ts"),
    import("./look-at-status.ts"),
    import("./restore-undo.ts"),
    import("./check-installation.ts"),
    import("../inspect/structure.ts"),
    import("../inspect/pasted.ts"),
    import("../inspect/cut.ts"),
    import("../inspect/digest.ts"),
    import("../structure/skim-rows.ts"),
    import("../state/history.ts"),
    ...(isSetup ? [import("../config/at-defaults.ts")] : []), // it takes longer to load than all the others
  ]);
}

/** A folder below one that is root's own, for an owner without a home directory here. */
function makeStateDirectory({ uid, gid, stateDirectory }: Account): void {
  if (stateDirectory === undefined) return;
  const disk = openDisk();
  const above = dirname(stateDirectory);
  disk.makeFolder(above);
  disk.giveFolder(above, { uid: 0, gid: 0, mode: 0o711 });
  disk.makeFolder(stateDirectory);
  disk.giveFolder(stateDirectory, { uid, gid, mode: 0o700 });
}

/** Node has it; its type declarations leave it out. */
type WithGroups = { initgroups: (user: string, extraGroup: number) => void };

function become({ uid, gid, name }: Account): void {
  if (name === undefined) process.setgroups?.([gid]);
  else (process as unknown as WithGroups).initgroups(name, gid);
  process.setgid?.(gid);
  process.setuid?.(uid);
  process.umask(0o077);
  process.chdir("/");
}

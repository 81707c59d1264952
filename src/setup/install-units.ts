import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Disk, ownershipInFolder } from "../disk/disk.ts";
import { lookAt } from "../disk/fingerprint.ts";
import { KeeperError } from "../errors.ts";
import { runCommand } from "../host/command.ts";
import type { Change } from "./change.ts";
import { UNIT_MARK, type Unit } from "./units.ts";

const LIMIT_MS = 30_000;

/** `disk` absent: only tell. `folder`: where the units of this scope belong. */
export type UnitTools = {
  disk?: Disk | undefined;
  scope: "system" | "user";
  folder: string;
  uid: number;
  env: NodeJS.ProcessEnv;
};

/**
 * Writes our units and starts their timers, where a service manager can be reached. A file that is not ours is never replaced.
 *
 * @throws KeeperError when a name is taken, or the service manager refuses
 */
export async function installUnits(units: readonly Unit[], tools: UnitTools): Promise<Change[]> {
  const { disk, folder } = tools;
  const found = units.map((unit) => ({ ...unit, path: join(folder, unit.name), before: unitAt(folder, unit.name) }));
  const taken = found.filter(({ before }) => before !== undefined && !isOurs(before)).map(({ path }) => path);
  if (taken.length > 0)
    throw new KeeperError(
      "failed",
      `not made by session-keeper: ${taken.join(", ")}`,
      "nothing was changed; give these files other names, or take them away",
    );
  const changes: Change[] = [];
  for (const { path, text, before } of found) {
    const isSame = before === text;
    if (!isSame && disk) writeUnit(disk, folder, path, text, before !== undefined);
    const result = isSame ? "already-done" : disk ? "done" : "planned";
    changes.push({ kind: "unit-in", result, path, evidence: {} });
  }
  const timers = units.map(({ name }) => name).filter((name) => name.endsWith(".timer"));
  return [...changes, await manage("timers-started", [["daemon-reload"], ["enable", "--now", ...timers]], tools)];
}

/** Stops our timers and removes our units. A file of such a name that is not ours stays. @throws KeeperError as above */
export async function uninstallUnits(names: readonly string[], tools: UnitTools): Promise<Change[]> {
  const { disk, folder } = tools;
  const there = names.filter((name) => unitAt(folder, name) !== undefined);
  const ours = there.filter((name) => isOurs(unitAt(folder, name) ?? ""));
  if (ours.length === 0) return [{ kind: "units-out", result: "already-done", path: folder, evidence: {} }];
  const timers = ours.filter((name) => name.endsWith(".timer"));
  const stopped = await manage("timers-stopped", [["disable", "--now", ...timers]], tools);
  for (const name of ours) disk?.remove(join(folder, name));
  const removed = ours.map(
    (name): Change => ({
      kind: "unit-out",
      result: disk ? "done" : "planned",
      path: join(folder, name),
      evidence: {},
    }),
  );
  const reloaded = await manage("units-reloaded", [["daemon-reload"]], tools);
  return [stopped, ...removed, ...(stopped.kind === "manager-missing" ? [] : [reloaded])];
}

/** A link, or whatever else is no file, is nobody's of ours. */
function unitAt(folder: string, name: string): string | undefined {
  const path = join(folder, name);
  const seen = lookAt(path);
  if (!seen) return undefined;
  return seen.kind === "file" ? readFileSync(path, "utf8") : "";
}

function isOurs(text: string): boolean {
  return text.startsWith(UNIT_MARK);
}

function writeUnit(disk: Disk, folder: string, path: string, text: string, isThere: boolean): void {
  disk.makeFolder(folder);
  if (isThere) disk.replace(path, text, { sync: true, mode: 0o644 });
  else disk.createWith(path, text, { ...ownershipInFolder(folder), mode: 0o644 });
}

/** Has the service manager do it; where there is none that can be reached, tells how a person does it later. */
async function manage(kind: Change["kind"], calls: readonly string[][], tools: UnitTools): Promise<Change> {
  const { disk, scope, uid, env } = tools;
  const program = scope === "user" ? ["systemctl", "--user"] : ["systemctl"];
  const commands = calls.map((call) => [...program, ...call].join(" "));
  const runtime = env.XDG_RUNTIME_DIR ?? `/run/user/${uid}`;
  const isThere = existsSync(scope === "user" ? join(runtime, "systemd", "private") : "/run/systemd/system");
  if (!isThere) return { kind: "manager-missing", result: "planned", evidence: { scope, commands } };
  if (!disk) return { kind, result: "planned", evidence: { scope, commands } };
  for (const call of calls) {
    const { status, stderr, failure } = await runCommand([...program, ...call], {
      timeoutMs: LIMIT_MS,
      env: { ...env, XDG_RUNTIME_DIR: runtime, LC_ALL: "C" },
    });
    if (status === 0) continue;
    const says = (failure ?? stderr).trim().split("\n")[0] ?? "";
    throw new KeeperError(
      "failed",
      `${[...program, ...call].join(" ")} did not succeed (${says})`,
      `the files of the units are as they should be; when the service manager is well: ${commands.join(" && ")}`,
    );
  }
  return { kind, result: "done", evidence: { scope, commands } };
}

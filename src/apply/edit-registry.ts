import { randomUUID } from "node:crypto";
import { dirname } from "node:path";
import type { Disk } from "../disk/disk.ts";
import { ownershipOf } from "../disk/disk.ts";
import { isUnchanged, lookAt } from "../disk/fingerprint.ts";
import { draftPathFor } from "../disk/left-behind.ts";
import { KeeperError } from "../errors.ts";
import { registryLocking } from "../installation/era.ts";
import { findGateway } from "../installation/gateway.ts";
import { acquireGatewayLock } from "../locks/gateway-lock.ts";
import type { Step } from "../plan/plan.ts";
import { dropCounters } from "../registry/drop-counters.ts";
import { clearBinding, type RegistryEdit } from "../registry/edit.ts";
import { freshStart } from "../registry/fresh-start.ts";
import { type Registry, readRegistry } from "../registry/read.ts";
import type { Outcome } from "./outcome.ts";
import type { Progress, Tools } from "./tools.ts";

type EditStep = Extract<Step, { kind: "edit-registry" }>;

/** The gateway's own waiters give up after ten seconds; we give up earlier rather than make a turn fail. */
const LOCK_WAIT_MS = 5000;

/**
 * Makes the gateway forget a session: clears a binding, or gives an entry a fresh start; or how large it was, when it is
 * about to be shortened. Under the gateway's own lock where the era has one; elsewhere only while no gateway runs.
 */
export async function editRegistry(step: EditStep, progress: Progress, tools: Tools): Promise<Outcome> {
  const { transcript, entry } = step;
  const { archived, job } = progress;
  if (archived && !job.force && !isUnchanged(archived.source, lookAt(transcript.path)?.fingerprint)) {
    return { step, result: "changed-since-plan", because: "it was written to in the meantime", detail: {} };
  }
  const { openclaw } = tools.installation;
  const locking = openclaw ? registryLocking(openclaw.era.era) : "never";
  if (!openclaw || locking === "never")
    throw new KeeperError("failed", "this registry must not be written", "nothing was changed");
  if (locking === "gateway-down") {
    const gateway = await findGateway(openclaw, tools.foreignPids);
    return gateway.state === "down"
      ? editNow(step, tools)
      : { step, result: "busy", because: gateway.because, detail: {} };
  }
  const { minAge: minAgeMs, unknownOwnerAge: unknownOwnerAgeMs } = tools.settings.locks;
  const policy = { minAgeMs, unknownOwnerAgeMs, foreignPids: tools.foreignPids };
  const lock = await acquireGatewayLock(tools.disk, entry.registryPath, {
    waitMs: LOCK_WAIT_MS,
    policy,
    signal: tools.signal,
  });
  if ("busy" in lock)
    return {
      step,
      result: "busy",
      because: `the registry is busy: ${lock.busy}`,
      detail: { registry: entry.registryPath },
    };
  let wasOurs = true;
  let outcome: Outcome;
  try {
    outcome = editNow(step, tools);
  } finally {
    wasOurs = lock.release();
  }
  if (wasOurs || !isStillNeeded(step)) return outcome;
  return {
    step,
    result: "busy",
    because: "the gateway took its lock back and wrote over the edit",
    detail: outcome.detail,
  };
}

/** True as long as the entry leads to the session, or counts what it held, so that the edit has to be made, or made again. */
export function isStillNeeded({ entry, change, transcript }: EditStep): boolean {
  const registry = readRegistry(entry.registryPath);
  const now = registry.entries.find(({ key }) => key === entry.entry.key);
  if (!now) return false;
  if (change === "drop-counters") return dropCounters(registry.text, now.key, entry.entry.sessionId).changed;
  if (change === "fresh-start") return now.sessionId === entry.entry.sessionId;
  return now.bindings.some(({ sessionId }) => sessionId === transcript.sessionId);
}

function editNow(step: EditStep, tools: Tools): Outcome {
  const { entry, change, transcript } = step;
  const detail: Record<string, unknown> = { registry: entry.registryPath, sessionKey: entry.entry.key, change };
  const registry = readRegistry(entry.registryPath);
  if (registry.problem) {
    throw new KeeperError(
      "failed",
      `the registry ${entry.registryPath} is ${registry.problem}`,
      "it was not changed, and the session was left as it is; restore the registry from a good copy first",
    );
  }
  const now = registry.entries.find(({ key }) => key === entry.entry.key);
  if (!now) return { step, result: "already-done", because: "the entry is gone", detail };
  const edits: Record<typeof change, () => RegistryEdit> = {
    "clear-binding": () => clearBinding(registry.text, now.key, transcript.sessionId),
    "fresh-start": () => freshStart(registry.text, now.key, randomUUID(), Date.now(), entry.entry.sessionId),
    "drop-counters": () => dropCounters(registry.text, now.key, entry.entry.sessionId),
  };
  const edit = edits[change]();
  if (!edit.changed) {
    const what = change === "drop-counters" ? "holds no counters of the session" : "does not name the session any more";
    return { step, result: "already-done", because: `the entry ${what}`, detail };
  }
  const written = replaceRegistry(tools.disk, registry, edit);
  if (!written) return { step, result: "busy", because: "the registry was written to in that moment", detail };
  return { step, result: "done", detail, undo: { registry: entry.registryPath, splices: edit.splices } };
}

/**
 * Puts an edited registry in place: written beside under a name that our next run would clear away, synced, renamed.
 * Owner, group and mode stay; the time of change must not, because the gateway trusts it.
 *
 * @returns false, with nothing changed, when somebody wrote the registry since it was read
 */
function replaceRegistry(disk: Disk, registry: Registry, edit: RegistryEdit): boolean {
  const { path, fingerprint } = registry;
  if (!fingerprint) return false;
  const draft = draftPathFor(path);
  disk.createWith(draft, edit.text, ownershipOf(fingerprint));
  try {
    if (!isUnchanged(fingerprint, lookAt(path)?.fingerprint)) {
      disk.remove(draft);
      return false;
    }
    const mtimeMs = lookAt(draft)?.fingerprint.mtimeMs ?? 0;
    if (mtimeMs <= fingerprint.mtimeMs) disk.setTimes(draft, fingerprint.mtimeMs + 1);
    disk.rename(draft, path);
  } catch (error) {
    if (lookAt(draft)) disk.remove(draft);
    throw error;
  }
  disk.syncFolder(dirname(path));
  return true;
}

import { randomUUID } from "node:crypto";
import { isUnchanged, lookAt } from "../disk/fingerprint.ts";
import { KeeperError } from "../errors.ts";
import type { Step } from "../plan/plan.ts";
import { dropCounters } from "../registry/drop-counters.ts";
import { clearBinding, type RegistryEdit } from "../registry/edit.ts";
import { freshStart } from "../registry/fresh-start.ts";
import { type Registry, readRegistry } from "../registry/read.ts";
import type { Outcome } from "./outcome.ts";
import type { Progress, Tools } from "./tools.ts";
import type { RegistryUndo } from "./undo-data.ts";
import { type Prepared, writePrepared } from "./write-prepared.ts";
import { draftOf, entryTextOf, hashOfText, putRegistry } from "./write-registry.ts";

type EditStep = Extract<Step, { kind: "edit-registry" }>;
type Edit = Extract<EditStep["change"], "clear-binding" | "fresh-start" | "drop-counters">;

/**
 * Makes the gateway forget a session: clears a binding, or gives an entry a fresh start; or how large it was, when it is
 * about to be shortened. Under the gateway's own lock where the era has one; elsewhere only while no gateway runs.
 */
export async function editRegistry(step: EditStep, progress: Progress, tools: Tools): Promise<Outcome> {
  const { transcript, entry, change } = step;
  const { archived, job } = progress;
  if (archived && !job.force && !isUnchanged(archived.source, lookAt(transcript.path)?.fingerprint)) {
    return { step, result: "changed-since-plan", because: "it was written to in the meantime", detail: {} };
  }
  if (!isSingle(change)) throw new Error(`${change} is done to many entries at once`);
  const written = await writePrepared([entry.registryPath], tools, () =>
    prepare(step, change, readRegistry(entry.registryPath), tools),
  );
  if ("busy" in written)
    return { step, result: "busy", because: written.busy, detail: { registry: entry.registryPath } };
  const { result, wasOurs, holdMs } = written;
  const held = result.result === "done" && holdMs !== undefined ? { holdMs } : {};
  const outcome = { ...result, detail: { ...result.detail, ...held } };
  if (wasOurs || !isStillNeeded(step)) return outcome;
  return {
    step,
    result: "busy",
    because: "the gateway took its lock back and wrote over the edit",
    detail: outcome.detail,
  };
}

function isSingle(change: EditStep["change"]): change is Edit {
  return change === "clear-binding" || change === "fresh-start" || change === "drop-counters";
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

function prepare(step: EditStep, change: Edit, registry: Registry, tools: Tools): Prepared<Outcome> {
  const { entry, transcript } = step;
  const detail: Record<string, unknown> = { registry: entry.registryPath, sessionKey: entry.entry.key, change };
  const unchanged = (because: string) => ({
    put: (): Outcome => ({ step, result: "already-done", because, detail }),
    discard: () => undefined,
  });
  if (registry.problem) {
    throw new KeeperError(
      "failed",
      `the registry ${entry.registryPath} is ${registry.problem}`,
      "it was not changed, and the session was left as it is; restore the registry from a good copy first",
    );
  }
  const now = registry.entries.find(({ key }) => key === entry.entry.key);
  if (!now) return unchanged("the entry is gone");
  const edits: Record<Edit, () => RegistryEdit> = {
    "clear-binding": () => clearBinding(registry.text, now.key, transcript.sessionId),
    "fresh-start": () => freshStart(registry.text, now.key, randomUUID(), Date.now(), entry.entry.sessionId),
    "drop-counters": () => dropCounters(registry.text, now.key, entry.entry.sessionId),
  };
  const edit = edits[change]();
  if (!edit.changed) {
    const what = change === "drop-counters" ? "holds no counters of the session" : "does not name the session any more";
    return unchanged(`the entry ${what}`);
  }
  const draft = draftOf(tools.disk, registry, edit.text);
  const undo = undoOf(registry, edit, now.key);
  return {
    put: () => (draft && putRegistry(tools.disk, registry, draft) ? { step, result: "done", detail, undo } : undefined),
    discard: () => draft?.discard(),
  };
}

/** The edit lies within one entry, so its place and its text before and after tell all. */
function undoOf({ path, text }: Registry, edit: RegistryEdit, sessionKey: string): RegistryUndo {
  const before = entryTextOf(text, sessionKey);
  const after = entryTextOf(edit.text, sessionKey);
  const { splices } = edit;
  return {
    ...{ registry: path, sessionKey, splices },
    at: before?.at ?? 0,
    before: hashOfText(before?.text),
    after: hashOfText(after?.text),
  };
}

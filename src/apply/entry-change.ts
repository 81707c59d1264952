import { randomUUID } from "node:crypto";
import type { RegistryChange } from "../plan/plan.ts";
import { asObject } from "../registry/bindings.ts";
import { type EntryChange, type EntryFields, withoutSessions } from "../registry/edit.ts";
import { freshStartOf } from "../registry/fresh-start.ts";
import type { EditStep } from "./entry-undo.ts";

/** Whether an entry is there after a change and was not before. */
export function comesIn(change: RegistryChange): boolean {
  return change === "add-entry" || change === "move-in";
}

/** Whether an entry is there before a change and not after it. */
export function goesOut(change: RegistryChange): boolean {
  return change === "remove-entry" || change === "move-out";
}

/** What a step does to the fields of an entry that stays; undefined where it does nothing to them. */
export function changeOf(step: EditStep | undefined, entry: EntryFields): EntryChange {
  switch (step?.change) {
    case "fresh-start":
      return freshStartOf(entry, randomUUID(), Date.now());
    case "mend-entry": {
      const set = Object.entries(asObject(step.edit?.set)) as [string, string][];
      const forgetting = withoutSessions(entry, step.edit?.forget ?? []);
      const remove = new Set([...(forgetting?.remove ?? []), ...(step.edit?.remove ?? [])]);
      return {
        remove,
        replace: new Map(set.filter(([name]) => entry.has(name))),
        insert: new Map(set.filter(([name]) => !entry.has(name))),
        within: new Map([...(forgetting?.within ?? [])].filter(([name]) => !remove.has(name))),
      };
    }
    case "clear-binding":
      return withoutSessions(entry, step.edit?.forget ?? [step.transcript.sessionId]);
    default:
      return undefined;
  }
}

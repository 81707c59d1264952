import { randomUUID } from "node:crypto";
import type { RegistryChange } from "../plan/plan.ts";
import { asObject } from "../registry/bindings.ts";
import type { ObjectChange } from "../registry/change-object.ts";
import { type EntryFields, withoutSessions } from "../registry/edit.ts";
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
export function changeOf(step: EditStep | undefined): ((entry: EntryFields) => ObjectChange | undefined) | undefined {
  switch (step?.change) {
    case "fresh-start":
      return (entry) => freshStartOf(entry, randomUUID(), Date.now());
    case "mend-entry":
      return (entry) => mendingOf(step, entry);
    case "clear-binding":
      return (entry) => withoutSessions(entry, step.edit?.forget ?? [step.transcript.sessionId]);
    default:
      return undefined;
  }
}

function mendingOf({ edit }: EditStep, entry: EntryFields): ObjectChange {
  const set = Object.entries(asObject(edit?.set)) as [string, string][];
  const forgetting = withoutSessions(entry, edit?.forget ?? []);
  const remove = new Set([...(forgetting?.remove ?? []), ...(edit?.remove ?? [])]);
  return {
    remove,
    replace: new Map(set.filter(([name]) => entry.has(name))),
    insert: new Map(set.filter(([name]) => !entry.has(name))),
    within: new Map([...(forgetting?.within ?? [])].filter(([name]) => !remove.has(name))),
  };
}

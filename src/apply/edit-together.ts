import { randomUUID } from "node:crypto";
import { KeeperError } from "../errors.ts";
import { findMembers, type Member } from "../json/json-text.ts";
import type { Splice } from "../json/splice.ts";
import type { Step } from "../plan/plan.ts";
import { type EntryChange, type EntryFields, editEntries, type RegistryEdit } from "../registry/edit.ts";
import { freshStartOf } from "../registry/fresh-start.ts";
import { type Registry, readRegistry } from "../registry/read.ts";
import type { Outcome } from "./outcome.ts";
import type { Tools } from "./tools.ts";
import type { RegistryUndo, RemovedEntryUndo } from "./undo-data.ts";
import { hashOfText, replaceRegistry, writeUnderLock } from "./write-registry.ts";

export type EditStep = Extract<Step, { kind: "edit-registry" }>;

/**
 * Gives many entries of one registry a fresh start, or takes them out, in one write under one lock: a registry of thousands
 * of entries is large, and to write it anew for each would take hours. An entry that somebody changed since it was looked at
 * stays as it is.
 *
 * @param steps all of the same registry; `fresh-start` and `remove-entry` only
 * @returns an outcome for each step, in their order
 */
export async function editTogether(steps: readonly EditStep[], tools: Tools): Promise<Outcome[]> {
  const path = steps[0]?.entry.registryPath;
  if (path === undefined) return [];
  const written = await writeUnderLock(path, tools, () => editNow(path, steps, tools));
  if ("busy" in written)
    return steps.map((step) => ({ step, result: "busy", because: written.busy, detail: { registry: path } }));
  if (written.wasOurs) return written.result;
  const now = readRegistry(path);
  return written.result.map((outcome, index) => {
    const step = steps[index];
    const isUndone = step && outcome.result === "done" && entryOf(now, step)?.sessionId === step.entry.entry.sessionId;
    return isUndone
      ? { ...outcome, result: "busy", because: "the gateway took its lock back and wrote over the edit" }
      : outcome;
  });
}

function editNow(path: string, steps: readonly EditStep[], tools: Tools): Outcome[] {
  const registry = readRegistry(path);
  if (registry.problem) {
    throw new KeeperError(
      "failed",
      `the registry ${path} is ${registry.problem}`,
      "it was not changed, and the sessions were left as they are; restore the registry from a good copy first",
    );
  }
  const obstacles = new Map(steps.map((step) => [step, obstacleTo(step, registry)]));
  const wanted = new Map(steps.filter((step) => !obstacles.get(step)).map((step) => [step.entry.entry.key, step]));
  const edit = editEntries(registry.text, (entry, key) => changeOf(wanted.get(key), entry));
  const isWritten = !edit.changed || replaceRegistry(tools.disk, registry, edit.text);
  const undoes = isWritten ? undoesOf(registry, edit, wanted) : new Map();
  return steps.map((step) => {
    const detail = { registry: path, sessionKey: step.entry.entry.key, change: step.change };
    const obstacle = obstacles.get(step);
    if (obstacle) return { step, ...obstacle, detail };
    if (!isWritten) return { step, result: "busy", because: "the registry was written to in that moment", detail };
    const undo = undoes.get(step.entry.entry.key);
    return { step, result: "done", detail, ...(undo ? { undo } : {}) };
  });
}

/** What keeps an entry from being changed. */
function obstacleTo(step: EditStep, registry: Registry): Pick<Outcome, "result" | "because"> | undefined {
  const { sessionId, updatedAt } = step.entry.entry;
  const now = entryOf(registry, step);
  if (!now) return { result: "already-done", because: "the entry is gone" };
  if (now.sessionId !== sessionId)
    return { result: "already-done", because: "the entry does not name the session any more" };
  if (now.updatedAt !== updatedAt || now.pinned)
    return { result: "changed-since-plan", because: "its registry entry was changed in the meantime" };
  return undefined;
}

function entryOf(registry: Registry, { entry }: EditStep): Registry["entries"][number] | undefined {
  return registry.entries.find(({ key }) => key === entry.entry.key);
}

function changeOf(step: EditStep | undefined, entry: EntryFields): EntryChange {
  if (!step) return undefined;
  return step.change === "remove-entry" ? "remove" : freshStartOf(entry, randomUUID(), Date.now());
}

/** How each of the entries is put back, by its key. */
function undoesOf(
  { path, text }: Registry,
  edit: RegistryEdit,
  wanted: ReadonlyMap<string, EditStep>,
): Map<string, RegistryUndo | RemovedEntryUndo> {
  const { members } = findMembers(text);
  const after = new Map(findMembers(edit.text).members.map((member) => [member.name, member]));
  const undoes = new Map<string, RegistryUndo | RemovedEntryUndo>();
  const removed = [...wanted].flatMap(([key, { change }]) => (change === "remove-entry" ? key : []));
  const turns = new Map(removed.map((key, turn) => [key, turn]));
  let next = 0; // both lists are in the order of the text
  for (const [index, member] of members.entries()) {
    const step = wanted.get(member.name);
    if (!step) continue;
    const { valueAt, valueEnd } = member;
    const about = { registry: path, sessionKey: member.name, before: hashOfText(text.slice(valueAt, valueEnd)) };
    if (step.change === "remove-entry") {
      undoes.set(member.name, { ...about, ...placeIn(text, members, index, turns) });
      continue;
    }
    const splices: Splice[] = [];
    while (next < edit.splices.length && (edit.splices[next]?.at ?? 0) < valueAt) next += 1;
    for (; (edit.splices[next]?.at ?? Number.POSITIVE_INFINITY) < valueEnd; next += 1)
      splices.push(edit.splices[next] as Splice);
    const changed = after.get(member.name);
    const result = changed && edit.text.slice(changed.valueAt, changed.valueEnd);
    undoes.set(member.name, { ...about, splices, at: valueAt, after: hashOfText(result) });
  }
  return undoes;
}

/**
 * @param turns of the entries that are taken out, by key: an undo brings them back in reverse, so that when it is one's turn,
 *   those after it in this order are back, and those before it are not
 */
function placeIn(
  text: string,
  members: readonly Member[],
  index: number,
  turns: ReadonlyMap<string, number>,
): Pick<RemovedEntryUndo, "member" | "next" | "gap"> {
  const [previous, own, following] = [members[index - 1], members[index], members[index + 1]];
  if (!own) throw new RangeError(`there is no member ${index}`);
  const turn = turns.get(own.name) ?? 0;
  const member = text.slice(own.nameAt, own.valueEnd);
  let at = index + 1;
  while (at < members.length && (turns.get(members[at]?.name ?? "") ?? turns.size) < turn) at += 1;
  const next = members[at];
  if (next && following) return { member, next: next.name, gap: text.slice(own.valueEnd, following.nameAt) };
  if (following) return { member, next: null, gap: text.slice(own.valueEnd, following.nameAt) };
  const openedAt = text.indexOf("{") + 1;
  return { member, next: null, gap: text.slice(previous ? previous.valueEnd : openedAt, own.nameAt) };
}

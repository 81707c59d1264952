import { randomUUID } from "node:crypto";
import { isSameFile, lookAt } from "../disk/fingerprint.ts";
import { KeeperError } from "../errors.ts";
import { findMembers } from "../json/json-text.ts";
import { asObject } from "../registry/bindings.ts";
import { type EntryChange, type EntryFields, editEntries, withoutSessions } from "../registry/edit.ts";
import { freshStartOf } from "../registry/fresh-start.ts";
import { placesIn } from "../registry/places.ts";
import { type Registry, readRegistry } from "../registry/read.ts";
import { type EditStep, undoesOf } from "./entry-undo.ts";
import type { Outcome } from "./outcome.ts";
import { backUpRegistry, pruneBackups } from "./registry-backup.ts";
import type { Tools } from "./tools.ts";
import { draftOf, hashOfText, putRegistry, writeUnderLock } from "./write-registry.ts";

/** A registry up to this size is read, edited and written within a moment, so all of it can be done under the lock. */
const SMALL_CHARACTERS = 4_000_000;
const ATTEMPTS = 3;

/**
 * Changes many entries of one registry in one write under one lock: a registry of thousands of entries is large, and to write
 * it anew for each would take hours. An entry that somebody changed since it was looked at stays as it is. Of a large registry
 * the new text is written beside before the lock is taken, so that under it there is only a comparison and a change of names.
 *
 * @param steps all of the same registry
 * @returns an outcome for each step, in their order
 */
export async function editTogether(steps: readonly EditStep[], tools: Tools): Promise<Outcome[]> {
  const path = steps[0]?.entry.registryPath;
  if (path === undefined) return [];
  for (let attempt = 1; ; attempt += 1) {
    const ahead = readRegistry(path, { known: seenBefore(path, tools) });
    const isSmall = ahead.text.length < SMALL_CHARACTERS;
    let prepared = isSmall ? undefined : prepare(ahead, steps, tools);
    let written: Awaited<ReturnType<typeof writeUnderLock<Outcome[] | undefined>>>;
    try {
      written = await writeUnderLock(path, tools, () => {
        prepared ??= prepare(readRegistry(path), steps, tools);
        return put(prepared, tools);
      });
    } finally {
      prepared?.discard();
    }
    if ("busy" in written)
      return steps.map((step) => ({ step, result: "busy", because: written.busy, detail: { registry: path } }));
    const { result, wasOurs, holdMs } = written;
    if (result) {
      if (backsUp(tools)) pruneBackups(path, tools);
      return verify(withHold(result, holdMs), wasOurs, path);
    }
    if (attempt === ATTEMPTS)
      return steps.map((step) => ({ step, result: "busy", because: CHANGING, detail: { registry: path } }));
  }
}

function seenBefore(path: string, { installation }: Tools): Registry | undefined {
  return installation.registries.find((one) => one.path === path)?.registry;
}

const CHANGING = "the registry was written to in that moment";

type Prepared = {
  registry: Registry;
  draft: ReturnType<typeof draftOf> | undefined;
  outcomes: Outcome[];
  /** Takes away what was written beside, unless it is to be kept. */
  discard: () => void;
  keep: () => void;
};

/** Makes the new text, and writes it beside the registry, with a copy of the old where one is to stay. */
function prepare(registry: Registry, steps: readonly EditStep[], tools: Tools): Prepared {
  const { path, problem } = registry;
  if (problem) {
    throw new KeeperError(
      "failed",
      `the registry ${path} is ${problem}`,
      "it was not changed, and the sessions were left as they are; session-keeper validate-registry --repair restores it",
    );
  }
  const known: Known = {
    texts: new Map(placesIn(registry).map((one) => [one.name, registry.text.slice(one.valueAt, one.valueEnd)])),
    entries: new Map(registry.entries.map((entry) => [entry.key, entry])),
    lowerCase: new Set(registry.entries.map(({ key }) => key.toLowerCase())),
  };
  const obstacles = new Map(steps.map((step) => [step, obstacleTo(step, known)]));
  const free = steps.filter((step) => !obstacles.get(step));
  const wanted = new Map(free.map((step) => [step.entry.entry.key, step]));
  const whole = (change: EditStep["change"]) =>
    new Map(
      free.flatMap((step) =>
        step.change === change ? [[step.entry.entry.key, layOut(step.edit?.text ?? "{}", registry.text)]] : [],
      ),
    );
  const edit = editEntries(registry.text, (entry, key) => changeOf(wanted.get(key), entry), {
    add: whole("add-entry"),
    replace: whole("replace-entry"),
    remove: new Set(free.flatMap(({ change, entry }) => (change === "remove-entry" ? [entry.entry.key] : []))),
    places: placesIn(registry),
  });
  const undoes = undoesOf(registry, edit, wanted);
  const draft = edit.changed ? draftOf(tools.disk, registry, edit.text) : undefined;
  const backup = draft && backsUp(tools) ? backUpOr(draft.discard, registry, tools) : undefined;
  const outcomes = steps.map((step): Outcome => {
    const { key } = step.entry.entry;
    const detail = { registry: path, sessionKey: key, change: step.change };
    const undo = undoes.get(key);
    const obstacle = obstacles.get(step);
    if (obstacle) return { step, ...obstacle, detail };
    return { step, result: "done", ...(undo ? { undo } : {}), detail: { ...detail, ...(backup ? { backup } : {}) } };
  });
  let isKept = false;
  const written = draft && lookAt(draft.path)?.fingerprint;
  const discard = () => {
    // what failed after the change of names has changed it all the same
    isKept ||= written !== undefined && isSameFile(written, lookAt(path)?.fingerprint);
    draft?.discard();
    if (!isKept && backup && lookAt(backup)) tools.disk.remove(backup);
  };
  const keep = () => {
    isKept = true;
  };
  return { registry, draft, outcomes, discard, keep };
}

function backUpOr(undo: () => void, registry: Registry, tools: Tools): string {
  try {
    return backUpRegistry(registry.path, registry.text, tools);
  } catch (error) {
    undo();
    throw error;
  }
}

/** As the gateway lays out an entry, where the registry is laid out like that. */
function layOut(json: string, registryText: string): string {
  if (!/^\s*\{\r?\n {2}"/.test(registryText)) return json;
  return JSON.stringify(JSON.parse(json), null, 2).replaceAll("\n", "\n  ");
}

/** Undefined, with nothing changed, when somebody wrote the registry since it was read. */
function put({ registry, draft, outcomes, discard, keep }: Prepared, tools: Tools): Outcome[] | undefined {
  try {
    if (draft && !putRegistry(tools.disk, registry, draft)) return undefined;
    keep();
    return outcomes;
  } finally {
    discard();
  }
}

/** What only makes the gateway forget a session is undone from the journal; a repair leaves a copy for a person, too. */
function backsUp({ command }: Tools): boolean {
  return command === "validate-registry";
}

function withHold(outcomes: Outcome[], holdMs: number | undefined): Outcome[] {
  if (holdMs === undefined) return outcomes;
  return outcomes.map((outcome) =>
    outcome.result === "done" ? { ...outcome, detail: { ...outcome.detail, holdMs } } : outcome,
  );
}

/** Where the lock was not ours to the end, the gateway may have written over the edit with what it had read before. */
function verify(outcomes: Outcome[], wasOurs: boolean, path: string): Outcome[] {
  if (wasOurs) return outcomes;
  const { text } = readRegistry(path);
  const texts = new Map(findMembers(text).members.map((one) => [one.name, text.slice(one.valueAt, one.valueEnd)]));
  return outcomes.map((outcome) => {
    const step = outcome.step as EditStep;
    const now = texts.get(step.entry.entry.key);
    const expected = outcome.undo && "after" in outcome.undo ? outcome.undo.after : hashOfText(undefined);
    return outcome.result === "done" && hashOfText(now) !== expected
      ? { ...outcome, result: "busy", because: "the gateway took its lock back and wrote over the edit" }
      : outcome;
  });
}

/** The entries of a registry by key. `lowerCase`: the gateway matches keys whatever their case. */
type Known = {
  texts: ReadonlyMap<string, string>;
  entries: ReadonlyMap<string, Registry["entries"][number]>;
  lowerCase: ReadonlySet<string>;
};

/** What keeps an entry from being changed. */
function obstacleTo(step: EditStep, known: Known): Pick<Outcome, "result" | "because"> | undefined {
  const { key, sessionId, updatedAt } = step.entry.entry;
  const changed = { result: "changed-since-plan", because: "its registry entry was changed in the meantime" } as const;
  const text = known.texts.get(key);
  if (step.change === "add-entry")
    return text === undefined && !known.lowerCase.has(key.toLowerCase())
      ? undefined
      : { result: "changed-since-plan", because: "an entry of that name came in the meantime" };
  if (text === undefined) return { result: "already-done", because: "the entry is gone" };
  if (step.edit?.seen !== undefined) return hashOfText(text) === step.edit.seen ? undefined : changed;
  const now = known.entries.get(key);
  if (now?.sessionId !== sessionId)
    return { result: "already-done", because: "the entry does not name the session any more" };
  return now?.updatedAt !== updatedAt || now?.pinned ? changed : undefined;
}

function changeOf(step: EditStep | undefined, entry: EntryFields): EntryChange {
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

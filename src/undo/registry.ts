import { withEntryBack } from "../apply/edit-together.ts";
import type { Tools } from "../apply/tools.ts";
import type { RegistryUndo, RemovedEntryUndo } from "../apply/undo-data.ts";
import { entryTextOf, hashOfText, replaceRegistry, whyClosed, writeUnderLock } from "../apply/write-registry.ts";
import { applySplices, invertSplices, SpliceMismatchError } from "../json/splice.ts";
import { type Registry, readRegistry } from "../registry/read.ts";
import { blocked, type Looking, type PutBack, READY, RESTORED, type Standing } from "./standing.ts";

type EntryUndo = RegistryUndo | RemovedEntryUndo;

/** Looks whether a registry's entry is still what the run left, wherever in the registry it stands by now. */
export async function lookAtRegistry(undo: EntryUndo, looking: Looking): Promise<Standing> {
  const standing = standingIn(readRegistry(undo.registry), undo);
  if (standing.state !== "ready") return standing;
  const closed = await whyClosed(looking);
  return closed === undefined ? READY : blocked(`${closed}, and the registry of this release has no lock`);
}

/** Puts the text of an entry back, under the registry's lock. Its time of change moves forward, because the gateway trusts it. */
export async function putBackEntry(undo: EntryUndo, tools: Tools): Promise<PutBack> {
  const written = await writeUnderLock(undo.registry, tools, () => putBackNow(undo, tools));
  if ("busy" in written) return { because: written.busy };
  if (written.wasOurs || standingIn(readRegistry(undo.registry), undo).state === "restored") return written.result;
  return { because: "the gateway took its lock back and wrote over the entry" };
}

function putBackNow(undo: EntryUndo, { disk }: Tools): PutBack {
  const registry = readRegistry(undo.registry);
  const standing = standingIn(registry, undo);
  if (standing.state === "blocked") return standing;
  const { text } = registry;
  const result = "member" in undo ? withEntryBack(text, undo) : withEntryChangedBack(text, undo);
  if (result === undefined) return { because: CHANGED };
  if (!replaceRegistry(disk, registry, result)) return { because: "the registry was written to in that moment" };
  return { detail: { bytesBefore: Buffer.byteLength(text), bytesAfter: Buffer.byteLength(result) } };
}

function withEntryChangedBack(text: string, undo: RegistryUndo): string | undefined {
  const entry = entryTextOf(text, undo.sessionKey);
  const restored = entry && restoredText(entry.text, undo);
  if (!entry || restored === undefined) return undefined;
  return text.slice(0, entry.at) + restored + text.slice(entry.at + entry.text.length);
}

const CHANGED = "its entry was changed since: a message may have arrived, or the gateway wrote it anew";

function standingIn({ text, problem }: Registry, undo: EntryUndo): Standing {
  if (problem) return blocked(`the registry is ${problem}`);
  const entry = entryTextOf(text, undo.sessionKey);
  if ("member" in undo) {
    if (!entry) return READY;
    return hashOfText(entry.text) === undo.before ? RESTORED : blocked("an entry of that name stands there by now");
  }
  if (!entry) return blocked("its entry is gone");
  const hash = hashOfText(entry.text);
  if (hash === undo.before) return RESTORED;
  return hash === undo.after && restoredText(entry.text, undo) !== undefined ? READY : blocked(CHANGED);
}

/** The entry's text as it was; undefined where the edit does not lead back to it. */
function restoredText(entry: string, { at, splices, before }: RegistryUndo): string | undefined {
  try {
    const inverse = invertSplices(splices).map((splice) => ({ ...splice, at: splice.at - at }));
    const text = applySplices(entry, inverse);
    return hashOfText(text) === before ? text : undefined;
  } catch (error) {
    if (error instanceof SpliceMismatchError) return undefined;
    throw error;
  }
}

import { dirname } from "node:path";
import type { Tools } from "../apply/tools.ts";
import { type Prepared, writePrepared } from "../apply/write-prepared.ts";
import { draftOf, putRegistry, whyClosed } from "../apply/write-registry.ts";
import { isUnchanged, lookAt } from "../disk/fingerprint.ts";
import { KeeperError } from "../errors.ts";
import { findMembers } from "../json/json-text.ts";
import { type Registry, readRegistry } from "../registry/read.ts";
import { type Entries, type EntryUndo, joined, putEntryBack, standingIn, takeApart } from "./entries.ts";
import { lookAtPlaced, takeAwayPlaced } from "./placed.ts";
import { blocked, type Looking, type PutBack, READY, RESTORED, type Standing } from "./standing.ts";

/** A registry that was read. `problem`: in words, why nothing can be put back into it. */
type Read = { registry: Registry } & ({ entries: Entries } | { problem: string });

/**
 * Looks whether entries are still what the run left. A registry is read anew only when it was written since: a large one
 * takes a while, and many of its entries are asked for.
 */
export function lookerAtEntries(looking: Looking): (undo: EntryUndo) => Promise<Standing> {
  const known = new Map<string, Read>();
  let closed: Promise<string | undefined> | undefined;
  return async (undo) => {
    const { registry: path } = undo;
    let read = known.get(path);
    if (!read?.registry.fingerprint || !isUnchanged(read.registry.fingerprint, lookAt(path)?.fingerprint)) {
      read = readEntries(path);
      known.set(path, read);
    }
    const standing = await standingWithCopies(read, undo);
    if (standing.state !== "ready") return standing;
    closed ??= whyClosed(looking);
    const because = await closed;
    return because === undefined ? READY : blocked(`${because}, and the registry of this release has no lock`);
  };
}

/**
 * Puts entries of one registry back in one write, under the registry's lock: a registry of thousands of entries is large, and
 * to write it anew for each would take hours. Its time of change moves forward, because the gateway trusts it.
 *
 * @param groups the entries of each session in the order in which they come back; what stands in the way ends its group only
 * @returns what became of each entry, in the same order
 */
export async function putBackEntries(
  path: string,
  groups: readonly (readonly EntryUndo[])[],
  tools: Tools,
): Promise<PutBack[][]> {
  const written = await writePrepared([path], tools, () => prepare(readRegistry(path), groups, tools));
  if ("busy" in written) return groups.map((group) => group.map(() => ({ because: written.busy })));
  const { wasOurs, holdMs } = written;
  const now = wasOurs ? undefined : readEntries(path);
  const results: PutBack[][] = [];
  for (const [index, group] of written.result.entries()) {
    const own: PutBack[] = [];
    for (const [place, result] of group.entries()) {
      if ("detail" in result && holdMs !== undefined) result.detail = { ...result.detail, holdMs };
      own.push(await settle(result, groups[index]?.[place], now, tools));
    }
    results.push(own);
  }
  return results;
}

/** @param now the registry, where its lock was not ours to the end */
async function settle(
  result: PutBack,
  undo: EntryUndo | undefined,
  now: Read | undefined,
  tools: Tools,
): Promise<PutBack> {
  if ("because" in result || !undo) return result;
  if (now && standingOf(now, undo).state !== "restored")
    return { because: "the gateway took its lock back and wrote over the entry" };
  const because = "added" in undo ? await takeAwayPlaced(undo, tools) : undefined;
  return because === undefined ? result : { because };
}

function prepare(
  registry: Registry,
  groups: readonly (readonly EntryUndo[])[],
  { disk }: Tools,
): Prepared<PutBack[][]> {
  const read = takeEntries(registry);
  const obstacles = groups.map((group) => putGroupBack(read, group));
  const bytes = { bytesBefore: 0, bytesAfter: 0 };
  const results = () =>
    obstacles.map((group) => group.map((because) => (because === undefined ? { detail: bytes } : { because })));
  const isBack = obstacles.flat().some((obstacle) => obstacle === undefined);
  const text = "entries" in read && isBack ? joined(read.entries) : registry.text;
  if (!("entries" in read) || text === registry.text) return { put: results, discard: () => undefined };
  if (findMembers(text).members.length !== countOf(read.entries)) throw wrongResult();
  Object.assign(bytes, { bytesBefore: Buffer.byteLength(registry.text), bytesAfter: Buffer.byteLength(text) });
  const isNew = groups.flat().some((undo) => "added" in undo && undo.isNewRegistry);
  if (isNew && countOf(read.entries) === 0)
    return { put: () => (takeAway(disk, registry) ? results() : undefined), discard: () => undefined };
  const draft = draftOf(disk, registry, text);
  return {
    put: () => (draft && putRegistry(disk, registry, draft) ? results() : undefined),
    discard: () => draft?.discard(),
  };
}

/** @returns for each entry what stands in the way, in words; undefined for one that is back */
function putGroupBack(read: Read, group: readonly EntryUndo[]): (string | undefined)[] {
  let isEnded = false;
  return group.map((undo) => {
    if (isEnded) return "what comes back before it could not be put back";
    const standing = standingOf(read, undo);
    if (standing.state === "restored") return undefined;
    const obstacle = standing.state === "blocked" ? standing.because : whyNotBack(read, undo);
    isEnded = obstacle !== undefined;
    return obstacle;
  });
}

function whyNotBack(read: Read, undo: EntryUndo): string | undefined {
  return "problem" in read ? read.problem : putEntryBack(read.entries, undo);
}

function readEntries(path: string): Read {
  return takeEntries(readRegistry(path));
}

function takeEntries(registry: Registry): Read {
  if (registry.problem) return { registry, problem: `the registry is ${registry.problem}` };
  return { registry, entries: takeApart(registry.text) };
}

/** Of a registry that the run made, and of which nothing else is left. @returns false when it was written since */
function takeAway(disk: Tools["disk"], { path, fingerprint }: Registry): boolean {
  if (!fingerprint || !isUnchanged(fingerprint, lookAt(path)?.fingerprint)) return false;
  disk.remove(path);
  disk.syncFolder(dirname(path));
  return true;
}

/** An entry that came with copies of its session's files is only gone once these are. */
async function standingWithCopies(read: Read, undo: EntryUndo): Promise<Standing> {
  const standing = standingOf(read, undo);
  if (standing.state === "blocked" || !("added" in undo)) return standing;
  const copies = await lookAtPlaced(undo);
  return copies.state === "restored" ? standing : copies;
}

function standingOf(read: Read, undo: EntryUndo): Standing {
  const isGone = "added" in undo && undo.isNewRegistry && read.registry.problem === "missing";
  if (isGone) return RESTORED;
  return "problem" in read ? blocked(read.problem) : standingIn(read.entries, undo);
}

function countOf({ head }: Entries): number {
  let count = 0;
  for (let entry = head; entry; entry = entry.next) count += 1;
  return count;
}

function wrongResult(): KeeperError {
  return new KeeperError(
    "failed",
    "what would have been put back into the registry did not come out as intended and was thrown away",
    "The registry was not changed. This is a fault of session-keeper; please report it.",
  );
}

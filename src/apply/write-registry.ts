import { dirname } from "node:path";
import { type Disk, type Ownership, ownershipInFolder, ownershipOf } from "../disk/disk.ts";
import { isUnchanged, lookAt } from "../disk/fingerprint.ts";
import { draftPathFor } from "../disk/left-behind.ts";
import { sha256Of } from "../disk/sha256.ts";
import { errnoOf, KeeperError } from "../errors.ts";
import { registryLocking } from "../installation/era.ts";
import { findGateway } from "../installation/gateway.ts";
import { lockRulesOf } from "../installation/lock-rules.ts";
import { findMembers } from "../json/json-text.ts";
import { acquireGatewayLock, type HeldLock } from "../locks/gateway-lock.ts";
import type { Registry } from "../registry/read.ts";
import type { Tools } from "./tools.ts";

/** The gateway's own waiters give up after ten seconds; we give up earlier rather than make a turn fail. */
const LOCK_WAIT_MS = 5000;

/** What came of something that was done under locks. `wasOurs`: they were ours to the end; `holdMs`: for how long (milliseconds). */
export type Written<T> = { result: T; wasOurs: boolean; holdMs?: number };

/**
 * Does something to a registry under the gateway's own lock, where the era has one; elsewhere only while no gateway runs.
 *
 * @returns what it led to; or in words who is at the registry
 * @throws KeeperError `failed` in an era in which it must not be written
 */
export async function writeUnderLock<T>(
  path: string,
  tools: Tools,
  write: () => T,
): Promise<Written<T> | { busy: string }> {
  return await writeUnderLocks([path], tools, write);
}

/** The same for several registries: their locks are taken in the order of their paths, and those that are got go if one is not. */
export async function writeUnderLocks<T>(
  paths: readonly string[],
  tools: Tools,
  write: () => T,
): Promise<Written<T> | { busy: string }> {
  const closed = await whyClosed(tools);
  if (closed !== undefined) return { busy: closed };
  const { openclaw } = tools.installation;
  if (!openclaw || registryLocking(openclaw.era.era) === "gateway-down") return { result: write(), wasOurs: true };
  const rules = lockRulesOf(tools.installation, tools.settings, tools);
  const held: HeldLock[] = [];
  let takenAt: number | undefined;
  let wasOurs = true;
  let result: T;
  try {
    for (const path of paths.toSorted()) {
      const lock = await acquireGatewayLock(tools.disk, path, { waitMs: LOCK_WAIT_MS, rules, signal: tools.signal });
      if ("busy" in lock) return { busy: `the registry is busy: ${lock.busy}` };
      held.push(lock);
      takenAt ??= performance.now();
    }
    result = write();
  } finally {
    wasOurs = releaseAll(held);
  }
  return { result, wasOurs, holdMs: Math.round(performance.now() - (takenAt ?? 0)) };
}

/** One that cannot be taken off must not leave the others. @returns whether all were ours until then */
function releaseAll(held: readonly HeldLock[]): boolean {
  const problems: unknown[] = [];
  let wereOurs = true;
  for (const lock of held.toReversed()) {
    try {
      if (!lock.release()) wereOurs = false;
    } catch (problem) {
      problems.push(problem);
    }
  }
  if (problems.length > 0) throw problems[0];
  return wereOurs;
}

/**
 * In words: why registries cannot be written now, lock or no lock; undefined when they can.
 *
 * @throws KeeperError `failed` in an era in which they never are
 */
export async function whyClosed({
  installation: { openclaw },
  foreignPids,
}: Pick<Tools, "installation" | "foreignPids">): Promise<string | undefined> {
  const locking = openclaw ? registryLocking(openclaw.era.era) : "never";
  if (!openclaw || locking === "never")
    throw new KeeperError("failed", "this registry must not be written", "nothing was changed");
  if (locking === "locked") return undefined;
  const gateway = await findGateway(openclaw, foreignPids);
  return gateway.state === "down" ? undefined : gateway.because;
}

/** Where the value of an entry begins in a registry's text, and the text of it; of repeated names readers see the last. */
export function entryTextOf(text: string, key: string): { at: number; text: string } | undefined {
  const member = findMembers(text).members.findLast(({ name }) => name === key);
  return member && { at: member.valueAt, text: text.slice(member.valueAt, member.valueEnd) };
}

export function hashOfText(text: string | undefined): string {
  return sha256Of(text ?? "");
}

/**
 * Puts an edited registry in place: written beside under a name that our next run would clear away, synced, renamed.
 *
 * @returns false, with nothing changed, when somebody wrote the registry since it was read
 */
export function replaceRegistry(disk: Disk, registry: Registry, text: string | Uint8Array): boolean {
  const draft = draftOf(disk, registry, text);
  return draft !== undefined && putRegistry(disk, registry, draft);
}

type Place = Pick<Registry, "path" | "fingerprint">;
type Content = string | Uint8Array | Iterable<Uint8Array>;

/** A registry's new text, written beside it and synced. */
export type RegistryDraft = { path: string; discard: () => void };

/** Writes a registry's new text beside it, with the owner, group and mode of the old; undefined where there is no registry. */
export function draftOf(disk: Disk, { path, fingerprint }: Place, text: Content): RegistryDraft | undefined {
  return fingerprint && draftWith(disk, path, text, ownershipOf(fingerprint));
}

/** The same for an agent that has no registry yet: as its gateway makes them, readable by its folder's owner only. */
export function draftOfNew(disk: Disk, path: string, text: string): RegistryDraft {
  return draftWith(disk, path, text, { ...ownershipInFolder(dirname(path)), mode: 0o600 });
}

function draftWith(disk: Disk, path: string, text: Content, ownership: Ownership): RegistryDraft {
  const draft = draftPathFor(path);
  disk.createWith(draft, text, ownership);
  return {
    path: draft,
    discard() {
      if (lookAt(draft)) disk.remove(draft);
    },
  };
}

/**
 * Gives a draft the name of its registry, if that is still what was read, or is still not there. The time of change must not
 * stay, because the gateway trusts it.
 *
 * @returns false, with nothing changed, when somebody wrote the registry since it was read
 */
export function putRegistry(disk: Disk, { path, fingerprint }: Place, draft: RegistryDraft): boolean {
  try {
    const seen = lookAt(path)?.fingerprint;
    if (fingerprint ? !isUnchanged(fingerprint, seen) : seen) {
      draft.discard();
      return false;
    }
    if (fingerprint) {
      const mtimeMs = lookAt(draft.path)?.fingerprint.mtimeMs ?? 0;
      if (mtimeMs <= fingerprint.mtimeMs) disk.setTimes(draft.path, fingerprint.mtimeMs + 1);
      disk.rename(draft.path, path);
    } else {
      disk.link(draft.path, path); // replaces nothing
      disk.remove(draft.path);
    }
  } catch (error) {
    draft.discard();
    if (!fingerprint && errnoOf(error) === "EEXIST") return false;
    throw error;
  }
  disk.syncFolder(dirname(path));
  return true;
}

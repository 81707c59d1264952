import { dirname } from "node:path";
import { type Disk, ownershipOf } from "../disk/disk.ts";
import { isUnchanged, lookAt } from "../disk/fingerprint.ts";
import { draftPathFor } from "../disk/left-behind.ts";
import { sha256Of } from "../disk/sha256.ts";
import { KeeperError } from "../errors.ts";
import { registryLocking } from "../installation/era.ts";
import { findGateway } from "../installation/gateway.ts";
import { findMembers } from "../json/json-text.ts";
import { acquireGatewayLock } from "../locks/gateway-lock.ts";
import type { Registry } from "../registry/read.ts";
import type { Tools } from "./tools.ts";

/** The gateway's own waiters give up after ten seconds; we give up earlier rather than make a turn fail. */
const LOCK_WAIT_MS = 5000;

/**
 * Does something to a registry under the gateway's own lock, where the era has one; elsewhere only while no gateway runs.
 *
 * @returns what it led to, whether the lock was ours until the end, and for how long (milliseconds); or in words who is at the registry
 * @throws KeeperError `failed` in an era in which it must not be written
 */
export async function writeUnderLock<T>(
  path: string,
  tools: Tools,
  write: () => T,
): Promise<{ result: T; wasOurs: boolean; holdMs?: number } | { busy: string }> {
  const closed = await whyClosed(tools);
  if (closed !== undefined) return { busy: closed };
  const { openclaw } = tools.installation;
  if (!openclaw || registryLocking(openclaw.era.era) === "gateway-down") return { result: write(), wasOurs: true };
  const { minAge: minAgeMs, unknownOwnerAge: unknownOwnerAgeMs } = tools.settings.locks;
  const policy = { minAgeMs, unknownOwnerAgeMs, foreignPids: tools.foreignPids };
  const lock = await acquireGatewayLock(tools.disk, path, { waitMs: LOCK_WAIT_MS, policy, signal: tools.signal });
  if ("busy" in lock) return { busy: `the registry is busy: ${lock.busy}` };
  const takenAt = performance.now();
  let wasOurs = true;
  let result: T;
  try {
    result = write();
  } finally {
    wasOurs = lock.release();
  }
  return { result, wasOurs, holdMs: Math.round(performance.now() - takenAt) };
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

/** A registry's new text, written beside it and synced. */
export type RegistryDraft = { path: string; discard: () => void };

/** Writes a registry's new text beside it, with the owner, group and mode of the old; undefined where there is no registry. */
export function draftOf(
  disk: Disk,
  { path, fingerprint }: Registry,
  text: string | Uint8Array,
): RegistryDraft | undefined {
  if (!fingerprint) return undefined;
  const draft = draftPathFor(path);
  disk.createWith(draft, text, ownershipOf(fingerprint));
  return {
    path: draft,
    discard() {
      if (lookAt(draft)) disk.remove(draft);
    },
  };
}

/**
 * Gives a draft the name of its registry, if that is still what was read. The time of change must not stay, because the gateway
 * trusts it.
 *
 * @returns false, with nothing changed, when somebody wrote the registry since it was read
 */
export function putRegistry(disk: Disk, { path, fingerprint }: Registry, draft: RegistryDraft): boolean {
  if (!fingerprint) return false;
  try {
    if (!isUnchanged(fingerprint, lookAt(path)?.fingerprint)) {
      draft.discard();
      return false;
    }
    const mtimeMs = lookAt(draft.path)?.fingerprint.mtimeMs ?? 0;
    if (mtimeMs <= fingerprint.mtimeMs) disk.setTimes(draft.path, fingerprint.mtimeMs + 1);
    disk.rename(draft.path, path);
  } catch (error) {
    draft.discard();
    throw error;
  }
  disk.syncFolder(dirname(path));
  return true;
}

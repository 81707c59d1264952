import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Tools } from "../apply/tools.ts";
import type { WholeRegistryUndo } from "../apply/undo-data.ts";
import { replaceRegistry, whyClosed, writeUnderLock } from "../apply/write-registry.ts";
import { lookAt } from "../disk/fingerprint.ts";
import { sha256Of } from "../disk/sha256.ts";
import type { Registry } from "../registry/read.ts";
import { blocked, type Looking, type PutBack, READY, RESTORED, type Standing } from "./standing.ts";

const CHANGED = "the registry was written to since";

/** Looks whether a restored registry is still what the run left, and whether the copy of the broken one is there. */
export async function lookAtWholeRegistry(undo: WholeRegistryUndo, looking: Looking): Promise<Standing> {
  const standing = standingOf(undo);
  if (standing.state !== "ready") return standing;
  if (undo.backup !== null && hashAt(undo.backup) !== undo.before)
    return blocked(`its copy ${undo.backup} is not there any more as it was made`);
  const closed = await whyClosed(looking);
  return closed === undefined ? READY : blocked(`${closed}, and the registry of this release has no lock`);
}

/**
 * Puts the bytes of the broken registry back. Its time of change moves forward, because the gateway trusts it. One that was not
 * there goes again; the copies that it was made of are there.
 */
export async function putBackWholeRegistry(undo: WholeRegistryUndo, tools: Tools): Promise<PutBack> {
  const written = await writeUnderLock(undo.registry, tools, () => putBackNow(undo, tools));
  return "busy" in written ? { because: written.busy } : written.result;
}

function putBackNow(undo: WholeRegistryUndo, { disk }: Tools): PutBack {
  const seen = lookAt(undo.registry);
  if (seen?.kind !== "file" || standingOf(undo).state !== "ready") return { because: CHANGED };
  const { fingerprint } = seen;
  if (undo.backup === null) {
    disk.remove(undo.registry);
    disk.syncFolder(dirname(undo.registry));
    return { detail: { bytesBefore: fingerprint.sizeBytes, bytesAfter: 0 } };
  }
  const bytes = readFileSync(undo.backup);
  if (sha256Of(bytes) !== undo.before) return { because: `its copy ${undo.backup} was changed` };
  const now: Registry = { path: undo.registry, text: "", fingerprint, entries: [], corrupt: 0 };
  if (!replaceRegistry(disk, now, bytes)) return { because: CHANGED };
  return { detail: { bytesBefore: fingerprint.sizeBytes, bytesAfter: bytes.length } };
}

function standingOf({ registry, before, after }: WholeRegistryUndo): Standing {
  const hash = hashAt(registry);
  if (hash === before) return RESTORED;
  return hash === after ? READY : blocked(CHANGED);
}

/** null where there is no file. */
function hashAt(path: string): string | null {
  return lookAt(path)?.kind === "file" ? sha256Of(readFileSync(path)) : null;
}

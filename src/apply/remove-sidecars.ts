import { constants, readdirSync, readlinkSync } from "node:fs";
import { open } from "node:fs/promises";
import { dirname, join } from "node:path";
import { readCatalog } from "../archive/catalog.ts";
import { archiveFolderOf } from "../archive/folder.ts";
import { isStored, type ReadEntry, readTar } from "../archive/read-tar.ts";
import { sidecarArchivesOf } from "../archive/sidecar-archives.ts";
import type { Disk } from "../disk/disk.ts";
import { isUnchanged, lookAt } from "../disk/fingerprint.ts";
import type { Transcript } from "../installation/installation.ts";
import { realPathOr } from "../installation/paths.ts";
import { baseOf, type SidecarFile, type SidecarFolder } from "../installation/sidecars.ts";
import { openTranscript } from "../transcript/open.ts";
import { hashOf, hashOfPieces } from "./left.ts";
import { reasonOf } from "./reason.ts";
import type { Tools } from "./tools.ts";

type Found = { files: readonly SidecarFile[]; folders: readonly SidecarFolder[] };

/**
 * What became of sidecars. `removed`: how many files. `stays`: in words, what was left and why. `isOpen`: some of it could not
 * be removed although it is archived, so that it is worth another try.
 */
type RemovedSidecars = { removed: number; stays: string[]; isOpen: boolean };

/**
 * Removes sidecars that are still exactly as they were packed, then the folders that are empty. Never throws: their
 * transcript is gone by then.
 */
export function removeSidecars({ files, folders }: Found, disk: Disk): RemovedSidecars {
  const stays: string[] = [];
  let isOpen = false;
  const emptied = new Set<string>();
  const known = new Set([...files, ...folders].map(({ path }) => path));
  let removed = 0;
  const attempt = (path: string, remove: () => void) => {
    try {
      remove();
    } catch (error) {
      stays.push(`${path} stays for now: ${reasonOf(error)}`);
      isOpen = true;
    }
  };
  for (const { path, kind, fingerprint } of files) {
    attempt(path, () => {
      const seen = lookAt(path);
      if (!seen) return;
      const isAsPacked = seen.kind === kind && seen.fingerprint.mode === fingerprint.mode;
      if (!isAsPacked || !isUnchanged(fingerprint, seen.fingerprint)) {
        stays.push(`${path} stays, because it was changed in the meantime`);
        return;
      }
      disk.remove(path);
      removed += 1;
      emptied.add(dirname(path));
    });
  }
  for (const { path } of folders.toReversed()) {
    attempt(path, () => {
      if (lookAt(path)?.kind !== "folder") return;
      const names = readdirSync(path);
      for (const name of names.filter((one) => !known.has(join(path, one))))
        stays.push(`${join(path, name)} stays, because it came in the meantime`);
      if (names.length > 0) return;
      disk.removeFolder(path);
      emptied.add(dirname(path));
    });
  }
  for (const folder of emptied) {
    try {
      if (lookAt(folder)) disk.syncFolder(folder);
    } catch {
      // what comes back after a power cut is in the archive, too
    }
  }
  return { removed, stays, isOpen };
}

/**
 * Goes on with a removal in the midst of which a run was killed: its transcript has lost its name, and what belongs to it may
 * still be there. Only what is just as it is in the verified archive goes.
 */
export async function finishSidecars(transcript: Pick<Transcript, "dialect" | "path">, tools: Tools): Promise<void> {
  const { settings, installation, signal, disk } = tools;
  const folder = archiveFolderOf(settings, installation, transcript);
  const record = readCatalog(folder).findLast(({ source, sidecars }) => source === transcript.path && sidecars);
  const [stored] = record?.purpose === "remove" ? sidecarArchivesOf(record, folder) : [];
  if (!stored || !(await isStored(stored.archive, stored, signal))) return; // without a sound copy they stay
  const base = baseOf(transcript, installation);
  const found: { files: SidecarFile[]; folders: SidecarFolder[] } = { files: [], folders: [] };
  const file = await open(stored.archive, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    for await (const entry of readTar(file, stored, signal)) {
      const same = await sameAt(join(base, entry.entry.name), entry);
      if (same?.kind === "folder") found.folders.push(same);
      else if (same) found.files.push(same);
    }
  } finally {
    await file.close();
  }
  removeSidecars(found, disk);
}

/** What stands at a path, if it is what an archive holds of it. */
async function sameAt(path: string, { entry, content }: ReadEntry): Promise<SidecarFile | SidecarFolder | undefined> {
  const seen = lookAt(path);
  if (!seen || seen.kind !== entry.kind || realPathOr(dirname(path)) !== dirname(path)) return undefined;
  const { fingerprint } = seen;
  if (entry.kind === "folder") return { path, kind: "folder", fingerprint };
  if (entry.kind === "link") {
    const target = readlinkSync(path);
    return target === entry.target ? { path, kind: "link", fingerprint, target } : undefined;
  }
  if (fingerprint.sizeBytes !== entry.bytes) return undefined;
  const live = await openTranscript(path, fingerprint);
  try {
    const isSame = (await hashOf(live, 0, entry.bytes)) === (await hashOfPieces(content));
    return isSame ? { path, kind: "file", fingerprint } : undefined;
  } finally {
    await live.close();
  }
}

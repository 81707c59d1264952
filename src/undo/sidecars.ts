import { existsSync, readdirSync, readlinkSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import { hashOf, hashOfPieces } from "../apply/left.ts";
import type { Tools } from "../apply/tools.ts";
import type { SidecarsUndo } from "../apply/undo-data.ts";
import { type Fingerprint, lookAt } from "../disk/fingerprint.ts";
import { draftPathFor } from "../disk/left-behind.ts";
import { errnoOf } from "../errors.ts";
import { realPathOr } from "../installation/paths.ts";
import { type UnpackedEntry, unpackSidecars, verifySidecars } from "../restore/sidecars.ts";
import { openTranscript } from "../transcript/open.ts";

/**
 * Brings back what belonged to a transcript: bytes, mode and time, folders too. Nothing that stands there is replaced, and
 * nothing is put behind a link. One that was stopped half-way is finished by the next one.
 *
 * @param transcript its path: drafts lie beside it, where every run looks for what a killed one left
 */
export async function bringBackSidecars(
  { base, ...stored }: SidecarsUndo,
  transcript: string,
  tools: Tools,
): Promise<{ files: number; kept: number }> {
  const { disk, signal } = tools;
  await verifySidecars(stored, signal); // before anything of it is written
  const back = { files: 0, kept: 0 };
  const folders: UnpackedEntry["entry"][] = [];
  const names = new Set<string>();
  for await (const { entry, content } of unpackSidecars(stored, signal)) {
    const path = join(base, entry.name);
    names.add(path);
    const isThere = isReachable(path, tools) && (await putInPlace(path, { entry, content }, transcript, tools));
    if (entry.kind === "folder") {
      if (isThere) folders.push(entry);
    } else if (isThere) back.files += 1;
    else back.kept += 1;
  }
  // last, and those below first: what is put into a folder changes its time, and its mode may forbid it
  for (const { name, mode, uid, gid, mtimeMs } of folders.toReversed()) {
    const path = join(base, name);
    if (readdirSync(path).some((one) => !names.has(join(path, one)))) continue; // somebody uses it anew
    disk.giveFolder(path, { uid, gid, mode });
    disk.setTimes(path, mtimeMs);
  }
  for (const folder of new Set([...names].map((name) => dirname(name))))
    if (existsSync(folder)) disk.syncFolder(folder);
  return back;
}

/** True when the folder that something belongs in is there, or could be made, and no link is on the way to it. */
function isReachable(path: string, { disk }: Tools): boolean {
  let above = dirname(path);
  while (!lookAt(above) && above !== sep) above = dirname(above);
  if (realPathOr(above) !== above || lookAt(above)?.kind !== "folder") return false;
  disk.makeFolder(dirname(path));
  return true;
}

/** @returns false when something else stands there */
async function putInPlace(path: string, unpacked: UnpackedEntry, transcript: string, tools: Tools): Promise<boolean> {
  const { disk } = tools;
  const { entry, content } = unpacked;
  const seen = lookAt(path);
  if (seen) {
    if (seen.kind !== entry.kind || !(await holdsSame(path, seen.fingerprint, unpacked))) return false;
    if (entry.kind === "link") disk.setTimes(path, entry.mtimeMs); // one that was stopped may not have come to that
    return true;
  }
  if (entry.kind === "folder") {
    disk.makeNewFolder(path);
    return true;
  }
  const draft = draftPathFor(transcript);
  const { uid, gid, mode, mtimeMs, target } = entry;
  try {
    if (target === undefined) {
      await disk.createOf(draft, content, { uid, gid, mode });
      disk.setTimes(draft, mtimeMs);
      disk.link(draft, path);
    } else {
      disk.makeLink(target, path);
      disk.setTimes(path, mtimeMs);
    }
    return true;
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") throw error;
    return false;
  } finally {
    if (lookAt(draft)) disk.remove(draft);
  }
}

async function holdsSame(path: string, found: Fingerprint, { entry, content }: UnpackedEntry): Promise<boolean> {
  if (entry.kind === "folder") return true;
  if (entry.kind === "link") return readlinkSync(path) === entry.target;
  if (found.sizeBytes !== entry.bytes) return false;
  const file = await openTranscript(path, found);
  try {
    return (await hashOf(file, 0, entry.bytes)) === (await hashOfPieces(content));
  } finally {
    await file.close();
  }
}

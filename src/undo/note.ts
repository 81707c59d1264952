import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { NOTE_HEADING } from "../apply/append-note.ts";
import type { Tools } from "../apply/tools.ts";
import type { NoteUndo } from "../apply/undo-data.ts";
import { ownershipOf } from "../disk/disk.ts";
import { isUnchanged, lookAt } from "../disk/fingerprint.ts";
import { DRAFT, draftPathFor } from "../disk/left-behind.ts";
import { sha256Of } from "../disk/sha256.ts";
import { blocked, type PutBack, READY, RESTORED, type Standing } from "./standing.ts";

/** At most so many newlines stand before it. */
const LONGEST_GAP = 2;

/** Looks whether the text that a run noted still stands in the note as it was written. */
export function lookAtNote({ note, mtimeMs, folders, ...text }: NoteUndo): Standing {
  const seen = lookAt(note);
  if (!seen && mtimeMs === null) return folders.some(isEmpty) ? READY : RESTORED;
  if (!seen) return blocked("the note is gone");
  if (seen.kind !== "file") return blocked("the note is no plain file");
  const bytes = readFileSync(note);
  if (placeOf(bytes, text) !== undefined) return READY;
  const isShort = Math.abs(seen.fingerprint.mtimeMs - (mtimeMs ?? 0)) < 1 && bytes.length === text.offset;
  return isShort ? RESTORED : blocked("what the run noted does not stand there any more as it was written");
}

/** Takes the text out again. A note that was new and holds nothing else goes, and so do the folders that were made for it. */
export function takeOutOfNote({ note, mtimeMs, folders, ...text }: NoteUndo, { disk }: Tools): PutBack {
  for (const left of draftsBeside(note)) disk.remove(left);
  const seen = lookAt(note);
  if (!seen && mtimeMs === null) {
    removeEmpty(folders, disk);
    return { detail: { bytesBefore: 0, bytesAfter: 0 } };
  }
  const bytes = seen?.kind === "file" ? readFileSync(note) : Buffer.alloc(0);
  const at = placeOf(bytes, text);
  if (!seen || at === undefined) return { because: "the note was changed in the meantime" };
  const rest = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + text.bytes)]);
  const changed: PutBack = { because: "the note was written to in that moment" };
  if (rest.length === 0 && mtimeMs === null) {
    if (!isUnchanged(seen.fingerprint, lookAt(note)?.fingerprint)) return changed;
    disk.remove(note);
    removeEmpty(folders, disk);
  } else {
    const draft = draftPathFor(note);
    disk.createWith(draft, rest, ownershipOf(seen.fingerprint));
    const isAsBefore = mtimeMs !== null && rest.length === text.offset;
    if (isAsBefore) disk.setTimes(draft, mtimeMs);
    if (!isUnchanged(seen.fingerprint, lookAt(note)?.fingerprint)) {
      disk.remove(draft);
      return changed;
    }
    disk.rename(draft, note);
  }
  if (existsSync(dirname(note))) disk.syncFolder(dirname(note));
  return { detail: { bytesBefore: bytes.length, bytesAfter: rest.length } };
}

/** At its own offset, or elsewhere if what stood before it was changed. */
function placeOf(note: Buffer, text: Pick<NoteUndo, "offset" | "bytes" | "sha256">): number | undefined {
  const places = [text.offset];
  for (let at = note.indexOf(NOTE_HEADING); at >= 0; at = note.indexOf(NOTE_HEADING, at + 1))
    for (let gap = 0; gap <= LONGEST_GAP; gap += 1) places.push(at - gap);
  return places.find((at) => {
    if (at < 0 || at + text.bytes > note.length) return false;
    const standing = note.subarray(at, at + text.bytes);
    return sha256Of(standing) === text.sha256;
  });
}

/** The deepest first: one that holds something else stays, and so do those above it. */
function removeEmpty(folders: readonly string[], disk: Tools["disk"]): void {
  for (const folder of folders) if (isEmpty(folder)) disk.removeFolder(folder);
}

function isEmpty(folder: string): boolean {
  return existsSync(folder) && readdirSync(folder).length === 0;
}

/** What an undo left that was killed: notes lie in folders in which no run looks for that. */
function draftsBeside(note: string): string[] {
  const folder = dirname(note);
  if (!existsSync(folder)) return [];
  const own = readdirSync(folder).filter((name) => name.startsWith(`${basename(note)}.`) && DRAFT.test(name));
  return own.map((name) => join(folder, name));
}

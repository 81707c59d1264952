import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { lockTranscript } from "../apply/replace-transcript.ts";
import type { Tools } from "../apply/tools.ts";
import type { TranscriptUndo } from "../apply/undo-data.ts";
import { lookAt } from "../disk/fingerprint.ts";
import { draftPathFor } from "../disk/left-behind.ts";
import { errnoOf } from "../errors.ts";
import { bringBackSidecars } from "./sidecars.ts";
import type { PutBack } from "./standing.ts";
import { sizeOfStored, storedPieces } from "./stored.ts";

/**
 * Gives a transcript that was removed its name again, under its own lock, where nothing stands there. What belonged to it
 * comes first: once the transcript is back, a further undo takes all for done.
 */
export async function bringBackTranscript(undo: TranscriptUndo, tools: Tools): Promise<PutBack> {
  const { path, stored, mtimeMs, ownership } = undo;
  const { disk, signal } = tools;
  if (!existsSync(dirname(path))) disk.makeFolder(dirname(path)); // programs clear away empty ones
  const sidecars = undo.sidecars && (await bringBackSidecars(undo.sidecars, path, tools));
  const draftPath = draftPathFor(path);
  await disk.createOf(draftPath, storedPieces(stored, signal), ownership);
  try {
    disk.setTimes(draftPath, mtimeMs);
    const lock = await lockTranscript(undo, tools);
    if (lock && "busy" in lock) return { because: lock.busy };
    try {
      disk.link(draftPath, path);
    } finally {
      lock?.release();
    }
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") throw error;
    return { because: "another file took its name in that moment" };
  } finally {
    if (lookAt(draftPath)) disk.remove(draftPath);
  }
  disk.syncFolder(dirname(path));
  return { detail: { bytesBefore: 0, bytesAfter: sizeOfStored(stored), ...(sidecars ? { sidecars } : {}) } };
}

import { dirname } from "node:path";
import { lockTranscript } from "../apply/replace-transcript.ts";
import type { Tools } from "../apply/tools.ts";
import type { TranscriptUndo } from "../apply/undo-data.ts";
import { lookAt } from "../disk/fingerprint.ts";
import { draftPathFor } from "../disk/left-behind.ts";
import { errnoOf } from "../errors.ts";
import type { PutBack } from "./standing.ts";
import { sizeOfStored, storedPieces } from "./stored.ts";

/** Gives a transcript that was removed its name again, under its own lock, where nothing stands there. */
export async function bringBackTranscript(undo: TranscriptUndo, tools: Tools): Promise<PutBack> {
  const { path, stored, mtimeMs, ownership } = undo;
  const { disk, signal } = tools;
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
  return { detail: { bytesBefore: 0, bytesAfter: sizeOfStored(stored) } };
}

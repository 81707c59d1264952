import { isAbsolute } from "node:path";
import type {
  AddedEntryUndo,
  Left,
  NoteUndo,
  RegistryUndo,
  RemovedEntryUndo,
  SidecarsUndo,
  StoredBytes,
  TranscriptUndo,
  UndoData,
  WholeRegistryUndo,
} from "../apply/undo-data.ts";

type Fields = Record<string, unknown>;

/** What a step left in the journal for an undo, as far as all of it is there and of the expected form. */
export function readUndoData(value: unknown): UndoData | undefined {
  if (!isFields(value)) return undefined;
  if (isTranscript(value) || isRegistry(value) || isRemovedEntry(value) || isNote(value)) return value;
  if (isAddedEntry(value) || isWholeRegistry(value)) return value;
  return undefined;
}

function isTranscript(value: Fields): value is TranscriptUndo {
  const { path, sessionId, dialect, stored, left, mtimeMs, ownership, sidecars } = value;
  return (
    isPath(path) &&
    isText(sessionId) &&
    (dialect === "claude-code" || dialect === "openclaw") &&
    Array.isArray(stored) &&
    stored.length > 0 &&
    stored.every(isStored) &&
    (left === "nothing" || left === "unknown" || isLeft(left)) &&
    isCount(mtimeMs) &&
    isFields(ownership) &&
    [ownership.uid, ownership.gid, ownership.mode].every(isCount) &&
    (sidecars === undefined || areSidecars(sidecars))
  );
}

function areSidecars(value: unknown): value is SidecarsUndo {
  return (
    isFields(value) && isPath(value.archive) && isPath(value.base) && isCount(value.gzipBytes) && isText(value.sha256)
  );
}

function isStored(value: unknown): value is StoredBytes {
  return isFields(value) && isPath(value.archive) && isCount(value.bytes) && isText(value.sha256);
}

function isLeft(value: unknown): value is Left {
  if (!isFields(value)) return false;
  const { bytes, restFrom, sha256, mayGrow } = value;
  return isCount(bytes) && isCount(restFrom) && restFrom <= bytes && isText(sha256) && typeof mayGrow === "boolean";
}

function isRegistry(value: Fields): value is RegistryUndo {
  const { registry, sessionKey, at, splices, before, after } = value;
  return (
    isPath(registry) &&
    [sessionKey, before, after].every(isText) &&
    isCount(at) &&
    Array.isArray(splices) &&
    splices.every((one) => isFields(one) && isCount(one.at) && isText(one.remove) && isText(one.insert))
  );
}

function isRemovedEntry(value: Fields): value is RemovedEntryUndo {
  const { registry, sessionKey, member, next, gap, before } = value;
  return isPath(registry) && [sessionKey, member, gap, before].every(isText) && (next === null || isText(next));
}

function isAddedEntry(value: Fields): value is AddedEntryUndo {
  const { registry, sessionKey, added, after, placed = [], folders = [] } = value;
  return (
    isPath(registry) &&
    isText(sessionKey) &&
    added === true &&
    isText(after) &&
    Array.isArray(placed) &&
    placed.every((one) => isFields(one) && isPath(one.path) && isCount(one.bytes) && isText(one.sha256)) &&
    Array.isArray(folders) &&
    folders.every(isPath)
  );
}

function isWholeRegistry(value: Fields): value is WholeRegistryUndo {
  const { registry, backup, before, after } = value;
  const isSaved = isPath(backup) && isText(before);
  return isPath(registry) && (isSaved || (backup === null && before === null)) && isText(after);
}

function isNote(value: Fields): value is NoteUndo {
  const { note, offset, bytes, sha256, mtimeMs, folders } = value;
  return (
    isPath(note) &&
    isCount(offset) &&
    isCount(bytes) &&
    isText(sha256) &&
    (mtimeMs === null || isCount(mtimeMs)) &&
    Array.isArray(folders) &&
    folders.every(isPath)
  );
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isPath(value: unknown): value is string {
  return isText(value) && isAbsolute(value);
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}

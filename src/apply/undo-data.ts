import type { StoredTar } from "../archive/read-tar.ts";
import type { Dialect } from "../dialects/dialect.ts";
import type { Ownership } from "../disk/disk.ts";
import type { Splice } from "../json/splice.ts";

/** Bytes in an archive: how many come out of it, and their hash. */
export type StoredBytes = { archive: string; bytes: number; sha256: string };

/**
 * What a run left in place of a transcript: so many bytes of this hash. From `restFrom` on they are lines of the transcript
 * itself, which go on where the archived ones end. `mayGrow`: what others append later belongs to them.
 */
export type Left = { bytes: number; sha256: string; restFrom: number; mayGrow: boolean };

/** Files that belonged to a transcript, in an archive of their own. `base`: the folder that the names in it begin in. */
export type SidecarsUndo = StoredTar & { archive: string; base: string };

/** Puts back a transcript. `stored`: what was taken out of it, in order. `nothing`: the file is gone; `unknown`: it could not be looked at. */
export type TranscriptUndo = {
  path: string;
  sessionId: string;
  dialect: Dialect["name"];
  stored: StoredBytes[];
  left: Left | "nothing" | "unknown";
  /** of the transcript before (epoch ms) */
  mtimeMs: number;
  ownership: Ownership;
  /** gone with it */
  sidecars?: SidecarsUndo;
};

/**
 * Puts back an entry of a registry. The splices are those that changed it; `at`: where the entry began in the text before, in
 * which their places count (0 where they count from the entry itself). `before` and `after`: hashes of the entry's text, which
 * show whether it is still what the run left.
 */
export type RegistryUndo = {
  registry: string;
  sessionKey: string;
  at: number;
  splices: Splice[];
  before: string;
  after: string;
};

/**
 * Puts back an entry that was taken out of a registry. `member`: its name and value as they stood there; `next`: the key
 * that came behind it, null for the last one; `gap`: what stood between it and that one (for the last: the one before it).
 */
export type RemovedEntryUndo = {
  registry: string;
  sessionKey: string;
  member: string;
  next: string | null;
  gap: string;
  before: string;
};

/**
 * Takes an entry out of a registry again. `after`: a hash of its text, which shows whether it is still what the run put there.
 * `isNewRegistry`: the registry goes with the last of its entries. `placed`: copies of the session's files that the run made for
 * it; `folders`: those that were made for them, the deepest first.
 */
export type AddedEntryUndo = {
  registry: string;
  sessionKey: string;
  added: true;
  after: string;
  isNewRegistry?: true;
  placed?: { path: string; bytes: number; sha256: string }[];
  folders?: string[];
};

/**
 * Puts back a whole registry. `backup`: a copy of its bytes before; `before`, `after`: hashes of the bytes before and of what
 * the run left. null: there was none.
 */
export type WholeRegistryUndo = { registry: string; backup: string | null; before: string | null; after: string };

/**
 * Takes a text out of a note. `mtimeMs`: of the note before (epoch ms); null: there was none. `folders`: those that were made
 * for it, the deepest first.
 */
export type NoteUndo = {
  note: string;
  offset: number;
  bytes: number;
  sha256: string;
  mtimeMs: number | null;
  folders: string[];
};

/** What a step leaves in the journal for `restore undo`. Nothing of what a session says. */
export type UndoData = TranscriptUndo | RegistryUndo | RemovedEntryUndo | AddedEntryUndo | WholeRegistryUndo | NoteUndo;

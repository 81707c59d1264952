import { closeSync, fstatSync, openSync, readSync, type Stats, statSync } from "node:fs";
import type { CatalogRecord } from "./catalog.ts";

/** Names of archives in the order of the records. Of most things there is one, for which a set would be ten times as large. */
type Names = string | Set<string>;

/** What a catalog tells, arranged for looking things up. */
export type CatalogIndex = {
  records: Map<string, CatalogRecord>;
  /** which of two archives was entered first: the one with the lower number. `entered`: the number of the next */
  places: Map<string, number>;
  entered: number;
  bySource: Map<string, Names>;
  bySession: Map<string, Names>;
  byKey: Map<string, Names>;
  /** names of archives that were let go */
  pruned: Set<string>;
  /** lines of a kind that this release does not know, as they are */
  others: string[];
  /** whole lines, however much they say */
  lines: number;
  /** whole lines that are neither */
  unreadable: number;
};

/** A line of a catalog. `name`: of the archive that it is about. */
export type ReadLine =
  | { kind: "record"; name: string; record: CatalogRecord }
  | { kind: "pruned"; name: string }
  | { kind: "other" | "unreadable"; name?: undefined };

/** How far a catalog was read. `end`: of its last whole line. `before`: the bytes before that, to know the file again. */
type Reading = { index: CatalogIndex; stats: Stats; end: number; before: Buffer };

const NEWLINE = 0x0a;
const BLOCK_BYTES = 1024 * 1024;
/** A line is longer, and each names another archive or tells something new of it. */
const REMEMBERED_BYTES = 512;

const readings = new Map<string, Reading>();

/** What a catalog tells by now. Reads only what was added since the last time in this process; no file is an empty one. */
export function readIndex(path: string): CatalogIndex {
  return readingOf(path)?.index ?? emptyIndex();
}

/** The same, with the file that it was read from, and where its last whole line ends; undefined where there is none. */
export function readingOf(path: string): Readonly<Reading> | undefined {
  const known = readings.get(path);
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats) {
    readings.delete(path);
    return undefined;
  }
  const isRead = known && isSame(known.stats, stats) && known.stats.mtimeMs === stats.mtimeMs;
  if (isRead && known.stats.size === stats.size) return known;
  const descriptor = openSync(path, "r");
  try {
    const reading = known && goesOn(known, descriptor) ? known : beginReading(descriptor);
    readOn(reading, descriptor);
    readings.set(path, reading);
    return reading;
  } finally {
    closeSync(descriptor);
  }
}

/** The archives that an entry of the index names. */
export function namesIn(names: Names | undefined): Iterable<string> {
  return typeof names === "string" ? [names] : (names ?? []);
}

let written: { text: string; record: CatalogRecord } | undefined;

/**
 * Tells of the line that this process is about to add. When it is read, the record is taken as it is: it shares its texts with
 * what else is known of the session, where one made of the line would be as large again.
 */
export function expectLine(text: string, record: CatalogRecord): void {
  written = { text, record };
}

export function readLine(text: string): ReadLine {
  if (text === written?.text) return { kind: "record", name: written.record.archive, record: written.record };
  let line: Partial<CatalogRecord> & { pruned?: unknown };
  try {
    line = JSON.parse(text);
  } catch {
    return { kind: "unreadable" };
  }
  if (typeof line !== "object" || line === null || Array.isArray(line)) return { kind: "unreadable" };
  if (typeof line.pruned === "string") return { kind: "pruned", name: line.pruned };
  if (line.archive === undefined) return { kind: "other" };
  if (!isRecord(line)) return { kind: "unreadable" };
  return { kind: "record", name: line.archive, record: line };
}

/** All that is done with a record relies on these. */
function isRecord(line: Partial<CatalogRecord>): line is CatalogRecord {
  const { archive, at, sessionId, source, sha256, bytes, gzipBytes, segment } = line;
  const areTexts = [archive, at, sessionId, source, sha256].every((value) => typeof value === "string");
  return areTexts && [bytes, gzipBytes, segment].every((value) => typeof value === "number");
}

function emptyIndex(): CatalogIndex {
  return {
    records: new Map(),
    places: new Map(),
    entered: 0,
    bySource: new Map(),
    bySession: new Map(),
    byKey: new Map(),
    pruned: new Set(),
    others: [],
    lines: 0,
    unreadable: 0,
  };
}

function beginReading(descriptor: number): Reading {
  return { index: emptyIndex(), stats: fstatSync(descriptor), end: 0, before: Buffer.alloc(0) };
}

/** The number of a file that is gone may be that of the next one, so the bytes that were read last are looked at, too. */
function goesOn({ stats, end, before }: Reading, descriptor: number): boolean {
  const now = fstatSync(descriptor);
  if (!isSame(stats, now) || now.size <= stats.size) return false;
  const bytes = Buffer.alloc(before.length);
  return readSync(descriptor, bytes, 0, bytes.length, end - bytes.length) === bytes.length && bytes.equals(before);
}

function isSame(before: Stats, now: Stats): boolean {
  return before.dev === now.dev && before.ino === now.ino && before.birthtimeMs === now.birthtimeMs;
}

function readOn(reading: Reading, descriptor: number): void {
  const { index } = reading;
  reading.stats = fstatSync(descriptor); // before the lines: what comes while they are read is read the next time
  readLines(descriptor, reading.end, (text, isWhole, end) => {
    const line = readLine(text);
    if (isWhole) {
      reading.end = end;
      if (text === "") return;
      index.lines += 1;
      if (line.kind === "unreadable") index.unreadable += 1;
      if (line.kind === "other") index.others.push(text);
    }
    // one that lacks only its newline is read again when it has it, which changes nothing
    if (line.kind === "pruned") forget(index, line.name);
    if (line.kind === "record") enter(index, line.name, line.record);
  });
  const from = Math.max(0, reading.end - REMEMBERED_BYTES);
  reading.before = Buffer.alloc(reading.end - from);
  readSync(descriptor, reading.before, 0, reading.before.length, from);
}

/**
 * The lines of an open file from a byte on. `isWhole`: false for a last one without its newline. `end`: where the last whole
 * line so far ends.
 */
export function readLines(
  descriptor: number,
  from: number,
  onLine: (text: string, isWhole: boolean, end: number) => void,
): void {
  const { size } = fstatSync(descriptor);
  const block = Buffer.allocUnsafe(Math.max(1, Math.min(BLOCK_BYTES, size - from)));
  let [position, end] = [from, from];
  let open: Buffer[] = [];
  for (;;) {
    const length = readSync(descriptor, block, 0, block.length, position);
    if (length === 0) break;
    position += length;
    let start = 0;
    for (let at = block.indexOf(NEWLINE); at >= 0 && at < length; at = block.indexOf(NEWLINE, start)) {
      const bytes = Buffer.concat([...open, block.subarray(start, at)]);
      open = [];
      end += bytes.length + 1;
      start = at + 1;
      onLine(bytes.toString("utf8"), true, end);
    }
    if (start < length) open.push(Buffer.from(block.subarray(start, length)));
  }
  if (open.length > 0) onLine(Buffer.concat(open).toString("utf8"), false, end);
}

function enter(index: CatalogIndex, name: string, record: CatalogRecord): void {
  const before = index.records.get(name);
  index.records.set(name, record);
  if (!before) {
    index.places.set(name, index.entered);
    index.entered += 1;
  }
  index.pruned.delete(name);
  move(index.bySource, name, before?.source, record.source);
  move(index.bySession, name, before?.sessionId, record.sessionId);
  move(index.byKey, name, before?.sessionKey, record.sessionKey);
}

function forget(index: CatalogIndex, name: string): void {
  const before = index.records.get(name);
  index.records.delete(name);
  index.places.delete(name);
  index.pruned.add(name);
  move(index.bySource, name, before?.source, undefined);
  move(index.bySession, name, before?.sessionId, undefined);
  move(index.byKey, name, before?.sessionKey, undefined);
}

/** Puts a name from one list to another; in its own it keeps its place. */
function move(lists: Map<string, Names>, name: string, from: string | undefined, to: string | undefined): void {
  if (from === to) return;
  const before = from === undefined ? undefined : lists.get(from);
  if (before instanceof Set) before.delete(name);
  if (from !== undefined && (before === name || (before instanceof Set && before.size === 0))) lists.delete(from);
  if (to === undefined) return;
  const list = lists.get(to);
  if (list === undefined) lists.set(to, name);
  else if (list instanceof Set) list.add(name);
  else lists.set(to, new Set([list, name]));
}

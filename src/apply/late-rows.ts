import type { FileHandle } from "node:fs/promises";
import { type Disk, ownershipOf } from "../disk/disk.ts";
import { fingerprintOfDescriptor, isSameFile, lookAt } from "../disk/fingerprint.ts";
import { draftPathFor } from "../disk/left-behind.ts";
import { takeProbes } from "../disk/probes.ts";
import { sha256Of } from "../disk/sha256.ts";
import { putInPlace } from "../disk/shorten.ts";
import { holdersOf } from "../host/processes.ts";
import { parseRow } from "../transcript/contents.ts";
import { createLineSplitter, readPieces, readRange } from "../transcript/lines.ts";
import { openTranscript } from "../transcript/open.ts";

const NEWLINE = Buffer.from("\n");
const QUOTE = 0x22;
const LINKS = [Buffer.from('"parentUuid":"'), Buffer.from('"parentId":"')];

/**
 * Brings lines that came to the old file of a transcript into the new one, unless it holds them already: before the first row
 * that hangs on one of them, as programs take up the row that stands last; where none does, at the end.
 *
 * The new file is only read when there are such lines, and never as a whole. Memory: the lines, and one block.
 */
export function carrierTo(live: string, disk: Disk): (late: Buffer) => Promise<void> {
  return async (late) => {
    const lines = linesOf(late);
    const seen = lookAt(live);
    if (!seen) {
      disk.append(live, asText(lines), { sync: true });
      return;
    }
    const file = await openTranscript(live, seen.fingerprint);
    try {
      const held = await heldIn(file, lines);
      const missing = lines.filter((line) => !held.has(sha256Of(line)));
      if (missing.length === 0) return;
      const isPlaced = await insert(live, file, missing, disk);
      if (!isPlaced) await append(live, file, missing, disk);
    } finally {
      await file.close();
    }
  };
}

/** The lines of a text that are not empty, without their newlines. */
function linesOf(text: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf(NEWLINE, at);
    const line = text.subarray(at, end < 0 ? text.length : end);
    if (line.length > 0) lines.push(line);
    at += line.length + 1;
  }
  return lines;
}

function asText(lines: readonly Buffer[]): Buffer {
  return Buffer.concat(lines.flatMap((line) => [line, NEWLINE]));
}

/** Which of these lines stand in a file, by their hashes. */
async function heldIn(file: FileHandle, lines: readonly Buffer[]): Promise<Set<string>> {
  const wanted = new Set(lines.map(sha256Of));
  const lengths = new Set(lines.map(({ length }) => length));
  const held = new Set<string>();
  await eachLine(file, (line) => {
    const hash = lengths.has(line.length) ? sha256Of(line) : "";
    if (wanted.has(hash)) held.add(hash);
    return true;
  });
  return held;
}

/** Goes through the whole lines of a file as long as `onLine` says so. Of one above 64 MiB only the place is told. */
async function eachLine(file: FileHandle, onLine: (line: Buffer, at: number) => boolean): Promise<void> {
  let [at, goesOn] = [0, true];
  const pass = (bytes: number, line: Buffer) => {
    if (!goesOn) return;
    goesOn = onLine(line, at);
    at += bytes + 1;
  };
  const splitter = createLineSplitter(
    (line) => pass(line.length, line),
    (bytes) => pass(bytes, Buffer.alloc(0)),
  );
  for await (const piece of readPieces(file, 0, fingerprintOfDescriptor(file.fd).sizeBytes)) {
    splitter.push(piece);
    if (!goesOn) return;
  }
}

/**
 * Puts lines before the first row that hangs on one of them.
 *
 * @returns false, with nothing changed, when none does, or when somebody has rewritten the file meanwhile
 */
async function insert(live: string, file: FileHandle, missing: readonly Buffer[], disk: Disk): Promise<boolean> {
  const ids = new Set(missing.flatMap((line) => idOf(line) ?? []));
  const found = fingerprintOfDescriptor(file.fd);
  const probes = takeProbes(file.fd, found.sizeBytes);
  let before = -1;
  await eachLine(file, (line, at) => {
    if (hangsOnOneOf(ids, line)) before = at;
    return before < 0;
  });
  if (before < 0) return false;
  const pieces = async function* () {
    yield* readPieces(file, 0, before);
    yield asText(missing);
    yield* readPieces(file, before, found.sizeBytes);
  };
  const draft = draftPathFor(live);
  await disk.createOf(draft, pieces(), ownershipOf(found));
  const put = await putInPlace(disk, live, file, probes, { draft, mtimeMs: found.mtimeMs });
  if ("refused" in put) return false;
  if (put.problem !== undefined) throw put.problem;
  return true;
}

/** The id of a row as it stands in JSON, byte for byte. */
function idOf(line: Buffer): string | undefined {
  const { uuid, id } = parseRow(line) ?? {};
  const one = typeof uuid === "string" ? uuid : id;
  return typeof one === "string" ? Buffer.from(JSON.stringify(one)).toString("latin1").slice(1, -1) : undefined;
}

function hangsOnOneOf(ids: ReadonlySet<string>, line: Buffer): boolean {
  return LINKS.some((link) => {
    for (let at = line.indexOf(link); at >= 0; at = line.indexOf(link, at + 1)) {
      const from = at + link.length;
      const end = line.indexOf(QUOTE, from);
      if (end >= 0 && ids.has(line.toString("latin1", from, end))) return true;
    }
    return false;
  });
}

/** Puts lines at the end. One that a full disk cut off there is completed. */
async function append(live: string, file: FileHandle, missing: readonly Buffer[], disk: Disk): Promise<void> {
  const text = asText(missing);
  const found = fingerprintOfDescriptor(file.fd);
  const tail = await readRange(file, Math.max(0, found.sizeBytes - text.length), found.sizeBytes);
  const open = tail.subarray(tail.lastIndexOf(NEWLINE) + 1);
  const isWhole = open.length < tail.length || tail.length === found.sizeBytes; // else more of it stands before
  const isCompletion =
    isWhole && open.equals(text.subarray(0, open.length)) && isSameFile(found, lookAt(live)?.fingerprint);
  const gap = open.length > 0 && !isCompletion && !isBeingWritten(live) ? [NEWLINE] : [];
  disk.append(live, Buffer.concat([...gap, text.subarray(isCompletion ? open.length : 0)]), { sync: true });
}

/** Somebody may still finish the last line himself. */
function isBeingWritten(path: string): boolean {
  const seen = lookAt(path);
  return seen !== undefined && holdersOf(seen.fingerprint).some(({ writes }) => writes);
}

import { readSync, statfsSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { holdersOf, holdersOfEach } from "../host/processes.ts";
import { type Disk, ownershipOf } from "./disk.ts";
import { drain, readBetween } from "./drain.ts";
import { type Fingerprint, fingerprintOfDescriptor, isSameFile, lookAt } from "./fingerprint.ts";
import { asidePathFor, draftPathFor } from "./left-behind.ts";
import { isStillThere, type Probes, takeProbes } from "./probes.ts";

/**
 * How a file lost its first bytes, or in words why it did not. `carriedBytes`: what others added meanwhile and is kept, behind
 * a blank line of `paddingBytes`. `problem`: the error after which what came in the last moment still waits in what was set
 * aside.
 */
export type Shortened =
  | { how: "swapped" | "collapsed" | "padded"; carriedBytes: number; paddingBytes: number; problem?: unknown }
  | Refused;

/** In words, why nothing was changed. `isChanged`: the file is not the one any more that was archived, or does not hold that. */
export type Refused = { refused: string; isChanged?: true };

/** Said where somebody has written to a file in the way that was not expected. */
export const WRITTEN_TO = "it was written to in the meantime";
const CHANGED: Refused = { refused: WRITTEN_TO, isChanged: true };
const REPLACED: Refused = { refused: "another file took its name", isChanged: true };

/** A writer that never pauses may hit each swap; after so many, what is late goes to the end. */
const MOST_SWAPS = 40;
const LAST_TAIL_BYTES = 64 * 1024;
/** So much of it is compared once more in the last moment. */
const END_BYTES = 4096;
/** Whoever opens, appends and closes is seen in between. */
const LOOKS_FOR_APPENDER = 12;
const APPEND_MS = 7;
const PIECE_BYTES = 1024 * 1024;
const SPACE = 0x20;
const NEWLINE = 0x0a;

/**
 * Takes the first bytes, which must be archived by now, out of a file that others may be appending to, without losing a byte
 * that they add meanwhile. Where these are not any more what was probed, the file is left as it is.
 *
 * - Nobody holds it open for writing: a new file takes its name, with what was added since; what a writer still adds to the
 *   old one in that moment is carried over.
 * - Somebody appends through an open descriptor: the bytes are taken out of the file itself, which keeps its identity.
 *   That goes by whole blocks, so at most one blank line remains. ext4 and xfs only.
 * - Somebody writes at an offset of its own: refused, because every way of shortening would lose what he writes next.
 *
 * @param archived taken before these bytes were read to be archived
 * @param emptiedAtMs what a file that is swapped for an empty one shall have as its time of change (epoch ms)
 */
export async function dropArchivedBytes(
  disk: Disk,
  path: string,
  file: FileHandle,
  found: Fingerprint,
  archived: Probes,
  emptiedAtMs: number,
): Promise<Shortened> {
  const refused = carelessWriter(found);
  if (refused) return { refused };
  const writers = holdersOf(found).filter(({ writes }) => writes);
  if (!isSameFile(found, lookAt(path)?.fingerprint)) return REPLACED;
  return writers.length > 0
    ? await collapse(disk, path, file, archived, writers[0]?.pid ?? 0)
    : await swap(disk, path, file, archived, emptiedAtMs);
}

/** In words: who writes to a file at an offset of its own, so that it must not be shortened; undefined when nobody does. */
export function carelessWriter(found: Fingerprint): string | undefined {
  return carelessWriters([found])[0];
}

/** The same for several files, with one look at all processes; the answers stand in the files' order. */
export function carelessWriters(found: readonly Fingerprint[]): (string | undefined)[] {
  return holdersOfEach(found).map((holders) => {
    const careless = holders.find(({ writes, appends }) => writes && !appends);
    return (
      careless &&
      `process ${careless.pid} writes to it at an offset of its own, so shortening it would lose what that process writes next`
    );
  });
}

/** Who keeps the file open to append to it, so that it would not notice a new one; undefined when all let go of it. */
export async function lastingAppender(found: Fingerprint): Promise<string | undefined> {
  for (let looks = 1; ; looks += 1) {
    const writer = holdersOf(found).find(({ writes }) => writes);
    if (!writer) return undefined;
    if (looks === LOOKS_FOR_APPENDER) return `process ${writer.pid} keeps it open`;
    await sleep(APPEND_MS);
  }
}

async function collapse(
  disk: Disk,
  path: string,
  file: FileHandle,
  archived: Probes,
  writer: number,
): Promise<Shortened> {
  const { bytes } = archived;
  const blockBytes = statfsSync(path).bsize;
  const whole = Math.floor(bytes / blockBytes) * blockBytes;
  const { sizeBytes } = fingerprintOfDescriptor(file.fd);
  const length = whole >= sizeBytes ? whole - blockBytes : whole;
  if (length > 0 && !(await canCollapse(disk, path, blockBytes))) {
    return { refused: `process ${writer} keeps it open, and this file system cannot shorten a file in place` };
  }
  const padding = Buffer.alloc(bytes - Math.max(0, length), SPACE);
  const at = bytes - padding.length;
  const covered = await readBetween(file, at, bytes);
  if (!isStillThere(file.fd, archived)) return CHANGED;
  if (padding.length > 0) {
    padding[padding.length - 1] = NEWLINE;
    disk.overwrite(path, padding, at, fingerprintOfDescriptor(file.fd));
  }
  let isDone = length <= 0;
  try {
    isDone ||= await disk.collapse(file, length);
  } finally {
    // what covers the end of the archived rows goes again, unless somebody has taken it back by now
    const isCovered = !isDone && at < bytes && padding.equals(await readBetween(file, at, bytes));
    if (isCovered) disk.overwrite(path, covered, at, fingerprintOfDescriptor(file.fd));
  }
  if (!isDone) return { refused: "the file system refused to shorten it in place" };
  return {
    how: length > 0 ? "collapsed" : "padded",
    carriedBytes: fingerprintOfDescriptor(file.fd).sizeBytes - padding.length,
    paddingBytes: padding.length,
  };
}

/** Tries it on a file of our own first, because the blank line has to be written before. */
async function canCollapse(disk: Disk, path: string, blockBytes: number): Promise<boolean> {
  const trial = draftPathFor(path);
  disk.createWith(trial, Buffer.alloc(2 * blockBytes), ownershipOf(fingerprintAt(path)));
  try {
    const file = await open(trial);
    try {
      return await disk.collapse(file, blockBytes);
    } finally {
      await file.close();
    }
  } finally {
    disk.remove(trial);
  }
}

async function swap(
  disk: Disk,
  path: string,
  file: FileHandle,
  archived: Probes,
  emptiedAtMs: number,
): Promise<Shortened> {
  const draft = draftPathFor(path);
  disk.createWith(draft, Buffer.alloc(0), ownershipOf(fingerprintOfDescriptor(file.fd)));
  // before it takes the name: a stop right after must not leave an empty file as the newest of its folder
  return await putInPlace(disk, path, file, archived, { draft, mtimeMs: emptiedAtMs });
}

/**
 * Gives a file that was written beside the name of the one that it replaces. What was added to that one behind its first
 * bytes, which are archived by now or in the new one, is carried over, and so is what a writer still adds to it in that moment.
 * Nothing is changed where rows were taken back in it since it was read.
 *
 * @param file the one to be replaced, open
 * @param known of its first bytes, taken before they were read
 * @param next.mtimeMs the time of change that the new file gets when nothing was carried over (epoch ms)
 * @param depth how many swaps this one serves, each to bring late lines into their place
 */
export async function putInPlace(
  disk: Disk,
  path: string,
  file: FileHandle,
  known: Probes,
  { draft, mtimeMs }: { draft: string; mtimeMs: number },
  depth = 0,
): Promise<Shortened> {
  const before = fingerprintOfDescriptor(file.fd);
  const { bytes } = known;
  const aside = asidePathFor(path, bytes);
  const probes = [known];
  let [carriedTo, placed] = [bytes, -1];
  let end: Buffer = Buffer.alloc(0);
  const giveUp = (why: Refused) => {
    disk.remove(aside);
    disk.remove(draft);
    return why;
  };
  try {
    disk.setTimes(draft, mtimeMs);
    disk.link(path, aside);
    if (!isSameFile(before, lookAt(aside)?.fingerprint)) return giveUp(REPLACED);
    for (let isLast = false; !isLast; ) {
      // before the last of what was added is read: behind that, each moment lets a line come too late
      if (!probes.every((one) => isStillThere(file.fd, one))) return giveUp(CHANGED);
      const { sizeBytes } = fingerprintOfDescriptor(file.fd);
      if (sizeBytes - carriedTo > LAST_TAIL_BYTES) probes.push(takeProbes(file.fd, sizeBytes));
      const tail = await readBetween(file, carriedTo, sizeBytes);
      const wholeTail = tail.subarray(0, tail.lastIndexOf(NEWLINE) + 1);
      carriedTo += wholeTail.length;
      // the less time there is to the change of names, the fewer lines come too late: what is set aside holds these until then
      isLast = wholeTail.length <= LAST_TAIL_BYTES;
      if (wholeTail.length > 0) disk.append(draft, wholeTail, { sync: !isLast });
      end = wholeTail.subarray(-END_BYTES);
    }
    placed = fingerprintAt(draft).sizeBytes;
    const now = lookAt(path)?.fingerprint;
    if (!now || !isSameFile(before, now)) return giveUp(REPLACED);
    if (now.sizeBytes < carriedTo || !endsWith(file.fd, carriedTo, end)) return giveUp(CHANGED);
    disk.rename(draft, path);
  } catch (problem) {
    const isPlaced = placed >= 0 && !lookAt(draft) && !isSameFile(before, lookAt(path)?.fingerprint);
    if (isPlaced) return { how: "swapped", carriedBytes: carriedTo - bytes, paddingBytes: 0, problem };
    if (lookAt(draft)) disk.remove(draft);
    if (isSameFile(before, lookAt(path)?.fingerprint) && lookAt(aside)) disk.remove(aside);
    throw problem;
  }
  try {
    if (carriedTo > bytes) disk.append(path, "", { sync: true });
    disk.syncFolder(dirname(path));
    const end = await drain(file, carriedTo, lateCarrier(disk, path, placed, depth));
    if (end.isQuiet) disk.remove(aside);
    else disk.rename(aside, asidePathFor(path, end.offset));
    return { how: "swapped", carriedBytes: end.offset - bytes, paddingBytes: 0 };
  } catch (problem) {
    return { how: "swapped", carriedBytes: carriedTo - bytes, paddingBytes: 0, problem }; // it has taken its place all the same
  }
}

/**
 * Puts lines that came to the old file behind what was carried over already, and before what somebody has written to the new
 * one since: programs take up the row that stands last.
 *
 * @param placed how many bytes of the new file are its own and what was carried over
 */
function lateCarrier(disk: Disk, path: string, placed: number, depth: number): (late: Buffer) => Promise<void> {
  let end = placed;
  return async (late) => {
    const live = fingerprintAt(path);
    const isLast = live.sizeBytes === end || depth >= MOST_SWAPS;
    if (isLast) disk.append(path, late, { sync: true });
    const file = await open(path);
    try {
      const to = fingerprintOfDescriptor(file.fd).sizeBytes;
      const known = takeProbes(file.fd, to);
      const behind = await readBetween(file, end, to);
      const at = isLast ? behind.indexOf(late) : -1; // somebody may have been faster in just that moment
      const from = end;
      end += late.length;
      if (at === 0 || depth >= MOST_SWAPS) return;
      const others = at < 0 ? [behind] : [behind.subarray(0, at), behind.subarray(at + late.length)];
      const pieces = async function* () {
        yield* piecesOf(file, 0, from);
        yield late;
        yield* others;
      };
      const draft = draftPathFor(path);
      await disk.createOf(draft, pieces(), ownershipOf(live));
      const put = await putInPlace(disk, path, file, known, { draft, mtimeMs: live.mtimeMs }, depth + 1);
      if ("refused" in put) disk.append(path, late, { sync: true });
      else if (put.problem !== undefined) throw put.problem;
    } finally {
      await file.close();
    }
  };
}

async function* piecesOf(file: FileHandle, from: number, to: number): AsyncGenerator<Buffer> {
  for (let at = from; at < to; at += PIECE_BYTES) yield await readBetween(file, at, Math.min(to, at + PIECE_BYTES));
}

/** Whether these bytes still stand before a place in a file. */
function endsWith(descriptor: number, at: number, end: Buffer): boolean {
  const now = Buffer.alloc(end.length);
  return readSync(descriptor, now, 0, end.length, at - end.length) === end.length && now.equals(end);
}

function fingerprintAt(path: string): Fingerprint {
  const seen = lookAt(path);
  if (!seen) throw new Error(`${path} is gone`);
  return seen.fingerprint;
}

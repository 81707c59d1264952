import { statfsSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { holdersOf, holdersOfEach, holdersSoon } from "../host/processes.ts";
import { type Disk, ownershipOf } from "./disk.ts";
import { type Fingerprint, fingerprintOfDescriptor, isSameFile, lookAt } from "./fingerprint.ts";
import { asidePathFor, draftPathFor } from "./left-behind.ts";

/**
 * How a file lost its first bytes, or in words why it did not. `carriedBytes`: what others added meanwhile and is kept, behind
 * a blank line of `paddingBytes`. `problem`: the error after which what came in the last moment still waits in what was set
 * aside.
 */
export type Shortened =
  | { how: "swapped" | "collapsed" | "padded"; carriedBytes: number; paddingBytes: number; problem?: unknown }
  | { refused: string };

const QUIET_MS = 30;
/** Somebody who opened the file in the very moment of the swap and keeps it is waited for this long. */
const DRAIN_LIMIT_MS = 10_000;
/** A writer that never pauses may hit each swap; after so many, what is late goes to the end. */
const MOST_SWAPS = 40;
const LAST_TAIL_BYTES = 64 * 1024;
/** Whoever opens, appends and closes is seen in between. */
const LOOKS_FOR_APPENDER = 12;
const APPEND_MS = 7;
const PIECE_BYTES = 1024 * 1024;
const SPACE = 0x20;
const NEWLINE = 0x0a;

/**
 * Takes the first `bytes` bytes, which must be archived by now, out of a file that others may be appending to, without
 * losing a byte that they add meanwhile.
 *
 * - Nobody holds it open for writing: a new file takes its name, with what was added since; what a writer still adds to the
 *   old one in that moment is carried over.
 * - Somebody appends through an open descriptor: the bytes are taken out of the file itself, which keeps its identity.
 *   That goes by whole blocks, so at most one blank line remains. ext4 and xfs only.
 * - Somebody writes at an offset of its own: refused, because every way of shortening would lose what he writes next.
 *
 * @param emptiedAtMs what a file that is swapped for an empty one shall have as its time of change (epoch ms)
 */
export async function dropArchivedBytes(
  disk: Disk,
  path: string,
  file: FileHandle,
  found: Fingerprint,
  bytes: number,
  emptiedAtMs: number,
): Promise<Shortened> {
  const refused = carelessWriter(found);
  if (refused) return { refused };
  const writers = holdersOf(found).filter(({ writes }) => writes);
  if (!isSameFile(found, lookAt(path)?.fingerprint)) return { refused: "another file took its name" };
  return writers.length > 0
    ? await collapse(disk, path, file, bytes, writers[0]?.pid ?? 0)
    : await swap(disk, path, file, bytes, emptiedAtMs);
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

async function collapse(disk: Disk, path: string, file: FileHandle, bytes: number, writer: number): Promise<Shortened> {
  const blockBytes = statfsSync(path).bsize;
  const whole = Math.floor(bytes / blockBytes) * blockBytes;
  const { sizeBytes } = fingerprintOfDescriptor(file.fd);
  const length = whole >= sizeBytes ? whole - blockBytes : whole;
  if (length > 0 && !(await canCollapse(disk, path, blockBytes))) {
    return { refused: `process ${writer} keeps it open, and this file system cannot shorten a file in place` };
  }
  const padding = Buffer.alloc(bytes - Math.max(0, length), SPACE);
  if (padding.length > 0) {
    padding[padding.length - 1] = NEWLINE;
    disk.overwrite(path, padding, bytes - padding.length, fingerprintOfDescriptor(file.fd));
  }
  if (length > 0 && !(await disk.collapse(file, length)))
    return { refused: "the file system refused to shorten it in place" };
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
  bytes: number,
  emptiedAtMs: number,
): Promise<Shortened> {
  const draft = draftPathFor(path);
  disk.createWith(draft, Buffer.alloc(0), ownershipOf(fingerprintOfDescriptor(file.fd)));
  // before it takes the name: a stop right after must not leave an empty file as the newest of its folder
  return await putInPlace(disk, path, file, bytes, { draft, mtimeMs: emptiedAtMs });
}

/**
 * Gives a file that was written beside the name of the one that it replaces. What was added to that one behind its first
 * `bytes` bytes, which must be archived by now, is carried over, and so is what a writer still adds to it in that moment.
 *
 * @param file the one to be replaced, open
 * @param next.mtimeMs the time of change that the new file gets when nothing was carried over (epoch ms)
 * @param depth how many swaps this one serves, each to bring late lines into their place
 */
export async function putInPlace(
  disk: Disk,
  path: string,
  file: FileHandle,
  bytes: number,
  { draft, mtimeMs }: { draft: string; mtimeMs: number },
  depth = 0,
): Promise<Shortened> {
  const before = fingerprintOfDescriptor(file.fd);
  const aside = asidePathFor(path, bytes);
  let [carriedTo, placed] = [bytes, -1];
  try {
    disk.setTimes(draft, mtimeMs);
    disk.link(path, aside);
    if (!isSameFile(before, lookAt(aside)?.fingerprint)) {
      disk.remove(aside);
      disk.remove(draft);
      return { refused: "another file took its name" };
    }
    for (let isLast = false; !isLast; ) {
      const tail = await readBetween(file, carriedTo, fingerprintOfDescriptor(file.fd).sizeBytes);
      const wholeTail = tail.subarray(0, tail.lastIndexOf(NEWLINE) + 1);
      carriedTo += wholeTail.length;
      // the less time there is to the change of names, the fewer lines come too late: what is set aside holds these until then
      isLast = wholeTail.length <= LAST_TAIL_BYTES;
      if (wholeTail.length > 0) disk.append(draft, wholeTail, { sync: !isLast });
    }
    placed = fingerprintAt(draft).sizeBytes;
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
      const put = await putInPlace(disk, path, file, to, { draft, mtimeMs: live.mtimeMs }, depth + 1);
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

/**
 * Hands on what writers still add to a file that lost its name, until nobody has it open for writing and it stands still.
 * Whole lines only, as long as somebody may still finish the last one.
 */
export async function drain(
  file: FileHandle,
  from: number,
  carry: (bytes: Buffer) => void | Promise<void>,
): Promise<{ offset: number; isQuiet: boolean }> {
  const deadline = Date.now() + DRAIN_LIMIT_MS;
  let offset = from;
  for (let quietRounds = 0; quietRounds < 2; ) {
    const isHeld = (await holdersSoon(fingerprintOfDescriptor(file.fd))).some(({ writes }) => writes);
    // looked at behind that: nobody can open what has no name, so this is all that will ever be in it
    const late = await readBetween(file, offset, fingerprintOfDescriptor(file.fd).sizeBytes);
    const ready = isHeld ? late.subarray(0, late.lastIndexOf(NEWLINE) + 1) : late;
    if (ready.length > 0) await carry(ready);
    offset += ready.length;
    if (isHeld && Date.now() > deadline) return { offset, isQuiet: false };
    quietRounds = isHeld || late.length > 0 ? 0 : quietRounds + 1;
    if (quietRounds < 2) await sleep(QUIET_MS);
  }
  return { offset, isQuiet: true };
}

async function readBetween(file: FileHandle, from: number, to: number): Promise<Buffer> {
  const bytes = Buffer.alloc(Math.max(0, to - from));
  let done = 0;
  while (done < bytes.length) {
    const { bytesRead } = await file.read(bytes, done, bytes.length - done, from + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return bytes.subarray(0, done);
}

function fingerprintAt(path: string): Fingerprint {
  const seen = lookAt(path);
  if (!seen) throw new Error(`${path} is gone`);
  return seen.fingerprint;
}

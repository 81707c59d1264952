import { statfsSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { holdersOf } from "../host/processes.ts";
import { type Disk, ownershipOf } from "./disk.ts";
import { type Fingerprint, fingerprintOfDescriptor, isSameFile, lookAt } from "./fingerprint.ts";
import { asidePathFor, draftPathFor } from "./left-behind.ts";

/** How a file lost its first bytes, or in words why it did not. `carriedBytes`: what others added meanwhile and is kept. */
export type Shortened = { how: "swapped" | "collapsed" | "padded"; carriedBytes: number } | { refused: string };

const QUIET_MS = 30;
/** Somebody who opened the file in the very moment of the swap and keeps it is waited for this long. */
const DRAIN_LIMIT_MS = 10_000;
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
  const careless = holdersOf(found).find(({ writes, appends }) => writes && !appends);
  return (
    careless &&
    `process ${careless.pid} writes to it at an offset of its own, so shortening it would lose what that process writes next`
  );
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
 */
export async function putInPlace(
  disk: Disk,
  path: string,
  file: FileHandle,
  bytes: number,
  { draft, mtimeMs }: { draft: string; mtimeMs: number },
): Promise<Shortened> {
  const before = fingerprintOfDescriptor(file.fd);
  const aside = asidePathFor(path, bytes);
  let carriedTo = bytes;
  try {
    const tail = await readBetween(file, bytes, before.sizeBytes);
    const wholeTail = tail.subarray(0, tail.lastIndexOf(NEWLINE) + 1);
    carriedTo += wholeTail.length;
    if (wholeTail.length > 0) disk.append(draft, wholeTail, { sync: true });
    else disk.setTimes(draft, mtimeMs);
    disk.link(path, aside);
    if (!isSameFile(before, lookAt(aside)?.fingerprint)) {
      disk.remove(aside);
      disk.remove(draft);
      return { refused: "another file took its name" };
    }
    disk.rename(draft, path);
  } catch (error) {
    if (lookAt(draft)) disk.remove(draft);
    if (isSameFile(before, lookAt(path)?.fingerprint) && lookAt(aside)) disk.remove(aside);
    throw error;
  }
  disk.syncFolder(dirname(path));
  const end = await drain(file, carriedTo, (late) => disk.append(path, late, { sync: true }));
  if (end.isQuiet) disk.remove(aside);
  else disk.rename(aside, asidePathFor(path, end.offset));
  return { how: "swapped", carriedBytes: end.offset - bytes };
}

/**
 * Hands on what writers still add to a file that lost its name, until nobody has it open for writing and it stands still.
 * Whole lines only, as long as somebody may still finish the last one.
 */
export async function drain(
  file: FileHandle,
  from: number,
  carry: (bytes: Buffer) => void,
): Promise<{ offset: number; isQuiet: boolean }> {
  const deadline = Date.now() + DRAIN_LIMIT_MS;
  let offset = from;
  for (let quietRounds = 0; quietRounds < 2; ) {
    const found = fingerprintOfDescriptor(file.fd);
    const isHeld = holdersOf(found).some(({ writes }) => writes);
    const late = await readBetween(file, offset, found.sizeBytes);
    const ready = isHeld ? late.subarray(0, late.lastIndexOf(NEWLINE) + 1) : late;
    if (ready.length > 0) carry(ready);
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

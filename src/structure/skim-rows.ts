import { read, readSync } from "node:fs";
import { createSkimmer, type SkimmedLine } from "../skimmer/skimmer.ts";
import { parseLine, type RowReader } from "./read-rows.ts";

const AHEAD_BYTES = 1024 * 1024;
/** Longer rows are told by their skeleton or not at all. */
const LONGEST_WHOLE_BYTES = 64 * 1024 * 1024;

/** False on a processor, or in a Node, that cannot run it: everything works without, only slower. */
export function canSkim(): boolean {
  try {
    createSkimmer(0).end(() => undefined);
    return true;
  } catch {
    return false;
  }
}

/**
 * Reads as much of every row as the structure needs, without making text of the rest: for large files. Memory does not
 * depend on the length of the lines. What it tells is what the plain reader tells.
 */
export const readSkimmedRows: RowReader = async (
  descriptor,
  { from, to, line: firstLine, members },
  onLine,
  signal,
) => {
  const skimmer = createSkimmer(from, members);
  let line = firstLine;
  const take = ({ at, bytes, isTerminated, isBlank, isValid, needsWhole, hasLoneSurrogate, row }: SkimmedLine) => {
    const whole = () => readWhole(descriptor, at, bytes);
    if (!isBlank) {
      // a mark of the byte order stands before the first row of some files, and belongs to none
      const isReadAgain = (needsWhole || (!isValid && at === 0)) && bytes <= LONGEST_WHOLE_BYTES;
      const value = isReadAgain ? parseLine(whole(), at) : needsWhole ? {} : row;
      onLine({ line, at, bytes, isTerminated, value, hasLoneSurrogate, whole });
    }
    line += 1;
  };
  const { window } = skimmer;
  await readAhead(descriptor, from, to, (piece) => {
    for (let at = 0; at < piece.length; at += window.length) {
      const part = piece.subarray(at, at + window.length);
      window.set(part);
      skimmer.push(part.length, take);
    }
    signal?.throwIfAborted();
  });
  skimmer.end(take);
};

/**
 * Reads a range in pieces, the next one while the one before is worked on: on a second processor reading then costs nothing.
 * A piece's bytes are valid only during the call.
 */
async function readAhead(
  descriptor: number,
  from: number,
  to: number,
  onPiece: (piece: Buffer) => void,
): Promise<void> {
  const buffers = [Buffer.allocUnsafe(AHEAD_BYTES), Buffer.allocUnsafe(AHEAD_BYTES)] as const;
  let at = from;
  let pending = readPiece(descriptor, buffers[0], at, to);
  for (let turn = 0; ; turn += 1) {
    const piece = await pending;
    if (piece.length === 0) return;
    at += piece.length;
    pending = readPiece(descriptor, buffers[turn % 2 === 0 ? 1 : 0], at, to);
    try {
      onPiece(piece);
    } catch (error) {
      await pending.catch(() => undefined); // it must not write into memory that nobody waits for
      throw error;
    }
  }
}

function readPiece(descriptor: number, into: Buffer, at: number, to: number): Promise<Buffer> {
  const length = Math.min(into.length, to - at);
  if (length === 0) return Promise.resolve(into.subarray(0, 0));
  return new Promise((resolve, reject) =>
    read(descriptor, into, 0, length, at, (error, bytesRead) =>
      error ? reject(error) : resolve(into.subarray(0, bytesRead)),
    ),
  );
}

function readWhole(descriptor: number, at: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let done = 0;
  while (done < length) {
    const read = readSync(descriptor, bytes, done, length - done, at + done);
    if (read === 0) break;
    done += read;
  }
  return bytes.subarray(0, done);
}

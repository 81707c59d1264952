import { read, readSync } from "node:fs";
import { createSkimmer, type SkimmedLine } from "../skimmer/skimmer.ts";
import { type LineRead, parseLine, type RowReader } from "./read-rows.ts";

/** Longer rows are told by their skeleton or not at all. */
const LONGEST_WHOLE_BYTES = 64 * 1024 * 1024;

/** False on a processor, or in a Node, that cannot run it: everything works without, only slower. */
export function canSkim(): boolean {
  try {
    createSkimmer(0, []).end(() => undefined);
    return true;
  } catch {
    return false;
  }
}

/**
 * Reads as much of every row as the structure needs, without making text of the rest: for large files. Memory does not
 * depend on the length of the lines. What it tells is what the plain reader tells.
 */
export const readSkimmedRows: RowReader = async (descriptor, { from, to, line, paths }, onLine, signal) => {
  const skimmer = createSkimmer(from, paths);
  const whole = () => readWhole(descriptor, current.at, current.bytes);
  // one for all lines, as it is valid during the call only
  const current: LineRead = {
    line: line - 1,
    at: from,
    bytes: 0,
    isTerminated: true,
    value: undefined,
    hasLoneSurrogate: false,
    whole,
  };
  const take = ({ at, bytes, isTerminated, isBlank, isValid, needsWhole, hasLoneSurrogate, row }: SkimmedLine) => {
    current.line += 1;
    if (isBlank) return;
    current.at = at;
    current.bytes = bytes;
    current.isTerminated = isTerminated;
    current.hasLoneSurrogate = hasLoneSurrogate;
    // a mark of the byte order stands before the first row of some files, and belongs to none
    const isReadAgain = (needsWhole || (!isValid && at === 0)) && bytes <= LONGEST_WHOLE_BYTES;
    current.value = isReadAgain ? parseLine(whole(), at) : needsWhole ? {} : row;
    onLine(current);
  };
  await readAhead(descriptor, from, to, skimmer.windows, (length) => skimmer.push(length, take), signal);
  skimmer.end(take);
};

/** Reads a range into two windows in turn: into one while the other one is looked at, which on a second processor takes no time. */
async function readAhead(
  descriptor: number,
  from: number,
  to: number,
  windows: readonly [Uint8Array, Uint8Array],
  onPiece: (length: number) => void,
  signal?: AbortSignal,
): Promise<void> {
  const readInto = (window: Uint8Array, at: number) =>
    new Promise<number>((resolve, reject) => {
      const length = Math.min(window.length, to - at);
      if (length === 0) resolve(0);
      else read(descriptor, window, 0, length, at, (error, bytes) => (error ? reject(error) : resolve(bytes)));
    });
  let [current, other] = windows;
  let next = readInto(current, from);
  for (let at = from; ; [current, other] = [other, current]) {
    const length = await next;
    if (length === 0) return; // it is all read, or became shorter meanwhile
    at += length;
    next = readInto(other, at);
    try {
      signal?.throwIfAborted();
      onPiece(length);
    } catch (error) {
      await next.catch(() => undefined); // the file must not be closed under it
      throw error;
    }
  }
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

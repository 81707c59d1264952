import { read, readSync } from "node:fs";
import { during } from "../progress.ts";
import { createSkimmer, type SkimmedLine } from "../skimmer/skimmer.ts";
import { readNow } from "../transcript/lines.ts";
import { type LineRead, parseLine, type RowReader } from "./read-rows.ts";

/** Longer rows are told by their skeleton or not at all. */
const LONGEST_WHOLE_BYTES = 64 * 1024 * 1024;

let isAble: boolean | undefined;

/** False on a processor, or in a Node, that cannot run it: everything works without, only slower. */
export function canSkim(): boolean {
  isAble ??= tryIt();
  return isAble;
}

function tryIt(): boolean {
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
  const whole = () => readNow(descriptor, current.at, current.at + current.bytes);
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
  await during("read-transcript", to - from, (advance) => {
    const onPiece = (length: number) => {
      skimmer.push(length, take);
      advance(length);
    };
    return readAhead(descriptor, from, to, skimmer.windows, onPiece, signal);
  });
  skimmer.end(take);
};

/**
 * Reads a range into two windows in turn: into one while the other one is looked at, which on a second processor takes no
 * time. The first piece, mostly the only one, is read at once.
 */
async function readAhead(
  descriptor: number,
  from: number,
  to: number,
  windows: readonly [Uint8Array, Uint8Array],
  onPiece: (length: number) => void,
  signal?: AbortSignal,
): Promise<void> {
  const lengthAt = (at: number) => Math.min(windows[0].length, to - at);
  const readInto = (window: Uint8Array, at: number) =>
    new Promise<number>((resolve, reject) => {
      read(descriptor, window, 0, lengthAt(at), at, (error, bytes) => (error ? reject(error) : resolve(bytes)));
    });
  let [current, other] = windows;
  let length = readSync(descriptor, current, 0, lengthAt(from), from);
  // 0: it is all read, or became shorter meanwhile
  for (let at = from; length > 0; [current, other] = [other, current]) {
    at += length;
    const next = at < to ? readInto(other, at) : undefined;
    try {
      signal?.throwIfAborted();
      onPiece(length);
    } catch (error) {
      await next?.catch(() => undefined); // the file must not be closed under it
      throw error;
    }
    length = (await next) ?? 0;
  }
}

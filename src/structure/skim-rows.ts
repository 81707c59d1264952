import { readSync } from "node:fs";
import { createSkimmer, type SkimmedLine } from "../skimmer/skimmer.ts";
import { type LineRead, parseLine, type RowReader, readBlocks } from "./read-rows.ts";

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
  const whole = () => readWhole(descriptor, read.at, read.bytes);
  // one for all lines, as it is valid during the call only
  const read: LineRead = {
    line: line - 1,
    at: from,
    bytes: 0,
    isTerminated: true,
    value: undefined,
    hasLoneSurrogate: false,
    whole,
  };
  const take = ({ at, bytes, isTerminated, isBlank, isValid, needsWhole, hasLoneSurrogate, row }: SkimmedLine) => {
    read.line += 1;
    if (isBlank) return;
    read.at = at;
    read.bytes = bytes;
    read.isTerminated = isTerminated;
    read.hasLoneSurrogate = hasLoneSurrogate;
    // a mark of the byte order stands before the first row of some files, and belongs to none
    const isReadAgain = (needsWhole || (!isValid && at === 0)) && bytes <= LONGEST_WHOLE_BYTES;
    read.value = isReadAgain ? parseLine(whole(), at) : needsWhole ? {} : row;
    onLine(read);
  };
  await readBlocks(descriptor, from, to, skimmer.window, (piece) => skimmer.push(piece.length, take), signal);
  skimmer.end(take);
};

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

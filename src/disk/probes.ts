import { fstatSync, readSync } from "node:fs";
import { checksum } from "./checksum.ts";

/** What shows later whether the first `bytes` bytes of a file are still what they were. */
export type Probes = { bytes: number; pieces: { from: number; to: number; sum: number }[] };

const PIECE_BYTES = 4096;
/** Claude Code takes rows back by cutting off, in place, what lies in here. */
const TAIL_BYTES = 64 * 1024;

/**
 * Looks at the head of the first `bytes` bytes of an open file, at a place in between and at their end. Programs that rewrite
 * a file in place move what is behind, or change its end.
 */
export function takeProbes(descriptor: number, bytes: number, between = Math.floor(bytes / 2)): Probes {
  const ranges = [
    [0, PIECE_BYTES],
    [between, between + PIECE_BYTES],
    [Math.max(0, bytes - TAIL_BYTES), bytes],
  ] as const;
  const pieces = ranges.map(([from, end]) => {
    const to = Math.min(end, bytes);
    return { from, to, sum: sumOf(descriptor, from, to) };
  });
  return { bytes, pieces };
}

/** False when the file is shorter by now, or another text stands where one of the probes was taken. */
export function isStillThere(descriptor: number, { bytes, pieces }: Probes): boolean {
  const isLongEnough = fstatSync(descriptor).size >= bytes;
  return isLongEnough && pieces.every(({ from, to, sum }) => sumOf(descriptor, from, to) === sum);
}

/** At once, so that nothing happens between the look and what hangs on it. */
function sumOf(descriptor: number, from: number, to: number): number {
  const bytes = Buffer.alloc(Math.max(0, to - from));
  for (let done = 0; done < bytes.length; ) {
    const read = readSync(descriptor, bytes, done, bytes.length - done, from + done);
    if (read === 0) return checksum(bytes.subarray(0, done));
    done += read;
  }
  return checksum(bytes);
}

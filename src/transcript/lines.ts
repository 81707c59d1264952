import { readSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";

const NEWLINE = 0x0a;
const BLOCK_BYTES = 256 * 1024;
/** Rows at both ends tell whose a file is. */
const ENDS_BYTES = 64 * 1024;
/** A pasted image arrives as one base64 line of several megabytes; what is longer is no row that anybody needs whole. */
const LONGEST_LINE_BYTES = 64 * 1024 * 1024;

/**
 * Puts lines together from pieces of a file, in order. A line that lies within one piece is handed on without a copy,
 * so its bytes are valid only during the call. Of lines longer than 64 MiB only the length is told.
 */
export function createLineSplitter(
  onLine: (line: Buffer) => void,
  onTooLong: (bytes: number) => void = () => undefined,
): { push: (piece: Buffer) => void; end: () => void } {
  let open: Buffer[] = [];
  let openBytes = 0;
  const close = (last: Buffer) => {
    if (openBytes + last.length > LONGEST_LINE_BYTES) onTooLong(openBytes + last.length);
    else onLine(open.length === 0 ? last : Buffer.concat([...open, last]));
    open = [];
    openBytes = 0;
  };
  return {
    push(piece) {
      let start = 0;
      for (let end = piece.indexOf(NEWLINE); end >= 0; end = piece.indexOf(NEWLINE, start)) {
        close(piece.subarray(start, end));
        start = end + 1;
      }
      if (start === piece.length) return;
      openBytes += piece.length - start;
      if (openBytes <= LONGEST_LINE_BYTES) open.push(Buffer.from(piece.subarray(start)));
      else open = []; // its length is all that is kept
    },
    end() {
      if (openBytes > 0) close(Buffer.alloc(0));
    },
  };
}

/** Reads the bytes [from, to) of a file piece by piece. A piece's bytes are valid until the next one. */
export async function* readPieces(file: FileHandle, from: number, to: number): AsyncGenerator<Buffer> {
  const buffer = Buffer.allocUnsafe(Math.min(BLOCK_BYTES, Math.max(0, to - from)));
  for (let at = from; at < to; ) {
    const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, to - at), at);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
    at += bytesRead;
  }
}

/** The lines of the bytes [0, to), the last one first. A last line without a newline comes too. */
export async function* readLinesBackwards(file: FileHandle, to: number): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  for (let end = to; end > 0; ) {
    const start = Math.max(0, end - BLOCK_BYTES);
    const block = Buffer.alloc(end - start);
    const { bytesRead } = await file.read(block, 0, block.length, start);
    const bytes = Buffer.concat([block.subarray(0, bytesRead), rest]);
    if (bytes.length > LONGEST_LINE_BYTES) return;
    let lineEnd = bytes.length;
    for (let at = bytes.lastIndexOf(NEWLINE); at >= 0; at = at === 0 ? -1 : bytes.lastIndexOf(NEWLINE, at - 1)) {
      if (at + 1 < lineEnd) yield bytes.subarray(at + 1, lineEnd);
      lineEnd = at;
    }
    rest = Buffer.from(bytes.subarray(0, lineEnd));
    end = start;
  }
  if (rest.length > 0) yield rest;
}

/** The first and last lines of a file, as far as they lie whole within some tens of kilobytes. */
export async function linesAtEnds(file: FileHandle, sizeBytes: number): Promise<Buffer[]> {
  const from = Math.max(0, sizeBytes - ENDS_BYTES);
  const head = await readRange(file, 0, Math.min(ENDS_BYTES, sizeBytes));
  const tail = from === 0 ? head : await readRange(file, from, sizeBytes);
  const first = head.subarray(0, head.lastIndexOf(NEWLINE) + 1);
  const last = from === 0 ? Buffer.alloc(0) : tail.subarray(tail.indexOf(NEWLINE) + 1);
  const lines: Buffer[] = [];
  const splitter = createLineSplitter((line) => lines.push(Buffer.from(line)));
  for (const piece of [first, sizeBytes <= ENDS_BYTES ? head.subarray(first.length) : last]) {
    splitter.push(piece);
    splitter.end();
  }
  return lines;
}

/** The bytes [from, to) of a file, as far as it goes. */
export async function readRange(file: FileHandle, from: number, to: number): Promise<Buffer> {
  return readNow(file.fd, from, to);
}

/** The same, at once: to have another thread read a few kilobytes takes longer than that. */
export function readNow(descriptor: number, from: number, to: number): Buffer {
  const bytes = Buffer.allocUnsafe(Math.max(0, to - from));
  let done = 0;
  while (done < bytes.length) {
    const read = readSync(descriptor, bytes, done, bytes.length - done, from + done);
    if (read === 0) break;
    done += read;
  }
  return bytes.subarray(0, done);
}

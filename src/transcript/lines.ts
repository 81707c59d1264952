import type { FileHandle } from "node:fs/promises";

const NEWLINE = 0x0a;
const BLOCK_BYTES = 256 * 1024;
/** A pasted image arrives as one base64 line of several megabytes; what is longer is no row that anybody needs whole. */
const LONGEST_LINE_BYTES = 64 * 1024 * 1024;

/**
 * Puts lines together from pieces of a file, in order. A line that lies within one piece is handed on without a copy,
 * so its bytes are valid only during the call. Longer lines than 64 MiB are dropped.
 */
export function createLineSplitter(onLine: (line: Buffer) => void): { push: (piece: Buffer) => void; end: () => void } {
  let open: Buffer[] = [];
  let openBytes = 0;
  const close = (last: Buffer) => {
    if (openBytes + last.length <= LONGEST_LINE_BYTES)
      onLine(open.length === 0 ? last : Buffer.concat([...open, last]));
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
      else open = [];
    },
    end() {
      if (openBytes > 0) close(Buffer.alloc(0));
    },
  };
}

/** Reads the bytes [from, to) of a file piece by piece. A piece's bytes are valid until the next one. */
export async function* readPieces(file: FileHandle, from: number, to: number): AsyncGenerator<Buffer> {
  const buffer = Buffer.allocUnsafe(BLOCK_BYTES);
  for (let at = from; at < to; ) {
    const { bytesRead } = await file.read(buffer, 0, Math.min(BLOCK_BYTES, to - at), at);
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

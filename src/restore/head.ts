import { createHash } from "node:crypto";
import type { Dialect } from "../dialects/dialect.ts";
import { readSegmentHeader } from "../dialects/segment-header.ts";
import { parseRow } from "../transcript/contents.ts";

/** What the first rows of a transcript or of an archive tell: what it begins with, and where its past is. */
export type Head = {
  /** a checksum of the first row that is not blank; undefined where there is none */
  firstRow: string | undefined;
  segment: Segment | undefined;
};

/**
 * What our own header row says. `headerAt`: its place among the rows, from 0. `carriedRows`: how many of the first other
 * rows repeat rows of the parent.
 */
export type Segment = { parentFile: string; headerAt: number; carriedRows: number };

const NEWLINE = 0x0a;
const SPACE = 0x20;
const RETURN = 0x0d;
/** A header row is short; of a longer row only the checksum is of use. */
const LONGEST_HEADER_BYTES = 64 * 1024;

/** Where the header row of each dialect stands: the first row of an OpenClaw file has to be the program's own. */
const HEADER_AT: Record<Dialect["name"], number> = { "claude-code": 0, openclaw: 1 };

/** Reads no further than it needs to. Memory: some tens of kilobytes, however long the rows are. */
export async function readHead(pieces: AsyncIterable<Buffer>, dialect: Dialect["name"]): Promise<Head> {
  const headerAt = HEADER_AT[dialect];
  const collected = collectRows();
  for await (const piece of pieces) if (collected.push(piece) > headerAt) break;
  const rows = collected.end();
  const header = rows[headerAt]?.bytes;
  const row = header && parseRow(header);
  const segment = row && readSegmentHeader(row, dialect);
  return {
    firstRow: rows[0]?.checksum,
    segment: segment && { parentFile: segment.parentFile, headerAt, carriedRows: segment.carriedLines },
  };
}

/** True for bytes of a line that hold nothing: a run leaves such a line where it cannot shorten by less than a block. */
export function isBlank(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === SPACE || byte === RETURN || byte === NEWLINE);
}

type HeadRow = { checksum: string; bytes: Buffer | undefined };

function collectRows(): { push: (piece: Buffer) => number; end: () => HeadRow[] } {
  const rows: HeadRow[] = [];
  let line = beginLine();
  const close = () => {
    const row = line.end();
    if (row) rows.push(row);
    line = beginLine();
  };
  return {
    push(piece) {
      let start = 0;
      for (let end = piece.indexOf(NEWLINE); end >= 0; end = piece.indexOf(NEWLINE, start)) {
        line.push(piece.subarray(start, end));
        close();
        start = end + 1;
      }
      line.push(piece.subarray(start));
      return rows.length;
    },
    end() {
      close();
      return rows;
    },
  };
}

function beginLine(): { push: (bytes: Buffer) => void; end: () => HeadRow | undefined } {
  const hash = createHash("sha256");
  let kept: Buffer[] = [];
  let [length, isEmpty] = [0, true];
  return {
    push(bytes) {
      hash.update(bytes);
      length += bytes.length;
      isEmpty &&= isBlank(bytes);
      if (length > LONGEST_HEADER_BYTES) kept = [];
      else kept.push(Buffer.from(bytes));
    },
    end() {
      if (isEmpty) return undefined;
      return {
        checksum: hash.digest("hex"),
        bytes: length > LONGEST_HEADER_BYTES ? undefined : Buffer.concat(kept),
      };
    },
  };
}

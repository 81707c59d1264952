import type { FileHandle } from "node:fs/promises";
import { readRange } from "../transcript/lines.ts";

const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/** How many bytes a mark of the byte order takes at the start of a file; 0 where there is none. */
export async function markBytesOf(file: FileHandle): Promise<number> {
  const start = await readRange(file, 0, BYTE_ORDER_MARK.length);
  return start.equals(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK.length : 0;
}

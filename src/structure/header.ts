import { readdirSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { lookAt } from "../disk/fingerprint.ts";
import { parseRow } from "../transcript/contents.ts";
import { readRange } from "../transcript/lines.ts";
import { openTranscript } from "../transcript/open.ts";
import { sessionIdIn } from "../transcript/session-id.ts";
import type { Where } from "./damage.ts";
import type { Scan } from "./scan.ts";

const HEAD_BYTES = 256 * 1024;

/**
 * The header that an OpenClaw transcript without one shall begin with: a header that stands later in the file; else that of
 * the copy which the program left beside it when it shortened the file; else a new one with nothing in it that is guessed:
 * the working folder, for one, is left out.
 *
 * @returns one line without its newline
 */
export async function headerFor(path: string, file: FileHandle, header: Where | "new", scan: Scan): Promise<Buffer> {
  if (header !== "new") return readRange(file, header.at, header.at + header.bytes);
  const copy = await headerOfCopy(path);
  if (copy) return copy;
  const rows = (await firstLines(file)).map((line) => parseRow(line)).filter((row) => row?.type !== "session");
  const timestamp = rows.map((row) => row?.timestamp).find((at) => typeof at === "string");
  // with a version and rows without ids, the programs would take the file for one that lost all but its last row
  const isTree = scan.rows.some(({ id }) => id !== undefined);
  return Buffer.from(
    JSON.stringify({
      type: "session",
      ...(isTree ? { version: 3 } : {}),
      id: sessionIdIn(basename(path).replace(/\.jsonl$/, "")),
      ...(timestamp === undefined ? {} : { timestamp }),
    }),
  );
}

async function headerOfCopy(path: string): Promise<Buffer | undefined> {
  const prefix = `${basename(path)}.bak.`;
  const copies = readdirSync(dirname(path)).filter((name) => name.startsWith(prefix));
  for (const name of copies.toSorted().reverse()) {
    const copy = join(dirname(path), name);
    const seen = lookAt(copy);
    if (seen?.kind !== "file") continue;
    const file = await openTranscript(copy, seen.fingerprint).catch(() => undefined);
    if (!file) continue;
    try {
      const first = (await firstLines(file)).find((line) => parseRow(line) !== undefined);
      const row = first && parseRow(first);
      if (row?.type === "session" && typeof row.id === "string") return first;
    } finally {
      await file.close();
    }
  }
  return undefined;
}

async function firstLines(file: FileHandle): Promise<Buffer[]> {
  const head = await readRange(file, 0, HEAD_BYTES);
  const lines: Buffer[] = [];
  for (let start = 0, end = head.indexOf("\n"); end >= 0; start = end + 1, end = head.indexOf("\n", start))
    lines.push(head.subarray(start, end));
  return lines;
}

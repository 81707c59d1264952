import { open } from "node:fs/promises";
import { type Disk, ownershipOf } from "../disk/disk.ts";
import { fingerprintOfDescriptor, lookAt } from "../disk/fingerprint.ts";
import { draftPathFor } from "../disk/left-behind.ts";
import { takeProbes } from "../disk/probes.ts";
import { putInPlace } from "../disk/shorten.ts";
import { holdersOf } from "../host/processes.ts";
import { parseRow } from "../transcript/contents.ts";
import { readPieces, readRange } from "../transcript/lines.ts";
import { openTranscript } from "../transcript/open.ts";

/**
 * Brings lines that came to the old file of a transcript into the new one, unless it holds them already: before the first row
 * that hangs on one of them, as programs take up the row that stands last; where none does, at the end.
 */
export async function carrierTo(live: string, disk: Disk): Promise<(late: Buffer) => Promise<void>> {
  const present = (await textOf(live)).split("\n");
  const open = present.pop() ?? "";
  const held = new Set(present);
  let isFirst = true;
  return async (late) => {
    const missing = late
      .toString("latin1")
      .split("\n")
      .filter((line) => line !== "" && !held.has(line));
    if (missing.length === 0) return;
    const at = isFirst ? firstThatHangsOn(missing, present) : -1;
    const isPlaced = at >= 0 && (await insert(live, present.slice(0, at + 1), missing, disk));
    if (!isPlaced) append(live, missing, isFirst ? open : "", disk);
    isFirst = false;
  };
}

/** A line that a full disk cut off at the end is completed. */
function append(live: string, missing: readonly string[], open: string, disk: Disk): void {
  const text = `${missing.join("\n")}\n`;
  const isCompletion = open !== "" && text.startsWith(open);
  const gap = open !== "" && !isCompletion && !isBeingWritten(live) ? "\n" : "";
  disk.append(live, Buffer.from(gap + (isCompletion ? text.slice(open.length) : text), "latin1"), { sync: true });
}

function firstThatHangsOn(missing: readonly string[], present: readonly string[]): number {
  const ids = missing.flatMap((line) => idOf(line) ?? []);
  const links = ids.flatMap((id) => [`"parentUuid":${JSON.stringify(id)}`, `"parentId":${JSON.stringify(id)}`]);
  return present.findIndex((line) => links.some((link) => line.includes(link)));
}

function idOf(line: string): string | undefined {
  const { uuid, id } = parseRow(Buffer.from(line, "latin1")) ?? {};
  return typeof uuid === "string" ? uuid : typeof id === "string" ? id : undefined;
}

/**
 * Puts lines before the last of those with which the file begins.
 *
 * @returns false, with nothing changed, when it does not begin with them any more
 */
async function insert(
  live: string,
  first: readonly string[],
  missing: readonly string[],
  disk: Disk,
): Promise<boolean> {
  const file = await open(live);
  try {
    const found = fingerprintOfDescriptor(file.fd);
    const probes = takeProbes(file.fd, found.sizeBytes);
    const expected = first.map((line) => `${line}\n`).join("");
    const begins = await readRange(file, 0, expected.length);
    if (begins.toString("latin1") !== expected) return false; // its program has written it anew
    const at = expected.length - (first.at(-1)?.length ?? 0) - 1;
    const draft = draftPathFor(live);
    const pieces = async function* () {
      yield* readPieces(file, 0, at);
      yield Buffer.from(`${missing.join("\n")}\n`, "latin1");
      yield* readPieces(file, at, found.sizeBytes);
    };
    await disk.createOf(draft, pieces(), ownershipOf(found));
    const put = await putInPlace(disk, live, file, probes, { draft, mtimeMs: found.mtimeMs });
    if ("refused" in put) return false;
    if (put.problem !== undefined) throw put.problem;
    return true;
  } finally {
    await file.close();
  }
}

/** Somebody may still finish the last line himself. */
function isBeingWritten(path: string): boolean {
  const seen = lookAt(path);
  return seen !== undefined && holdersOf(seen.fingerprint).some(({ writes }) => writes);
}

async function textOf(path: string): Promise<string> {
  const seen = lookAt(path);
  if (!seen) return "";
  const file = await openTranscript(path, seen.fingerprint);
  const pieces: string[] = [];
  for await (const piece of readPieces(file, 0, seen.fingerprint.sizeBytes)) pieces.push(piece.toString("latin1"));
  await file.close();
  return pieces.join("");
}

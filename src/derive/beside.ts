import { readdirSync } from "node:fs";
import { join } from "node:path";
import { lookAt } from "../disk/fingerprint.ts";
import { readRange } from "../transcript/lines.ts";
import { openTranscript } from "../transcript/open.ts";
import { type Evidence, readEvidence } from "./evidence.ts";
import { sessionKeysIn } from "./key-lines.ts";

/** What lies beside a transcript and is of the same session. */
export type Beside = {
  /** keys that the traces of its runs name, by session id */
  traced: Map<string, string>;
  /** what its newest older copy shows that was put away under its name, on a reset, a deletion or a compaction */
  archived?: Evidence;
};

/** A line of a trace has at most 256 KiB. */
const TRACE_BYTES = 512 * 1024;
const PUT_AWAY = /^\.(?:reset|deleted|bak)\.(\d{4}-.+)$/;

/**
 * Reads what lies beside a transcript. What is not there, or can't be read, tells nothing. Writes nothing.
 *
 * @param folder of the transcript
 * @param fileName the transcript's
 * @param traces where its traces are, if they are anywhere
 */
export async function readBeside(
  folder: string,
  fileName: string,
  traces: readonly string[] = [join(folder, fileName.replace(/\.jsonl$/, ".trajectory.jsonl"))],
): Promise<Beside> {
  const texts: string[] = [];
  for (const trace of traces) {
    const text = await reading(trace, async (file, sizeBytes) =>
      (await readRange(file, 0, Math.min(TRACE_BYTES, sizeBytes))).toString("utf8"),
    );
    if (text !== undefined) texts.push(text);
  }
  const older = newestPutAway(folder, fileName);
  const archived = older && (await reading(join(folder, older), readEvidence));
  return { traced: sessionKeysIn(texts.flatMap((text) => text.split("\n"))), ...(archived ? { archived } : {}) };
}

function newestPutAway(folder: string, fileName: string): string | undefined {
  const timeIn = (name: string) => PUT_AWAY.exec(name.slice(fileName.length))?.[1] ?? "";
  try {
    const names = readdirSync(folder).filter((name) => name.startsWith(fileName) && timeIn(name) !== "");
    return names.sort((a, b) => (timeIn(a) < timeIn(b) ? -1 : 1)).at(-1);
  } catch {
    return undefined;
  }
}

async function reading<T>(
  path: string,
  read: (file: Awaited<ReturnType<typeof openTranscript>>, sizeBytes: number) => Promise<T>,
): Promise<T | undefined> {
  try {
    const seen = lookAt(path);
    if (seen?.kind !== "file") return undefined;
    const file = await openTranscript(path, seen.fingerprint);
    try {
      return await read(file, seen.fingerprint.sizeBytes);
    } finally {
      await file.close();
    }
  } catch {
    return undefined;
  }
}

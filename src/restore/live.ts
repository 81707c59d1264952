import { KeeperError } from "../errors.ts";
import type { Transcript } from "../installation/installation.ts";
import { readPieces } from "../transcript/lines.ts";
import { openTranscript } from "../transcript/open.ts";
import type { Part } from "./chain.ts";
import { type Head, readHead } from "./head.ts";

/**
 * Opens the live transcript of a session. It is held open, so that it stays what it was when another file takes its name;
 * what is added to it from now on is not part of it.
 */
export async function openLive(transcript: Transcript): Promise<Part & { close: () => Promise<void> }> {
  const { path, sessionId, fingerprint, dialect } = transcript;
  const file = await openTranscript(path, fingerprint);
  try {
    const { size } = await file.stat();
    const look = (sizeBytes: number) => readHead(readPieces(file, 0, sizeBytes), dialect);
    const head = await look(size);
    return {
      sessionId,
      source: path,
      head,
      async *pieces() {
        yield* readPieces(file, 0, size);
        // one that is shortened in place keeps its identity, so only its size and its beginning tell
        const now = (await file.stat()).size;
        if (now < size || !isSame(head, await look(now))) throw shortened(path);
      },
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

function isSame(before: Head, now: Head): boolean {
  const isGrown = before.firstRow === undefined; // there was no row yet
  return (isGrown || before.firstRow === now.firstRow) && before.segment?.parentFile === now.segment?.parentFile;
}

function shortened(path: string): KeeperError {
  return new KeeperError(
    "changed",
    `${path} was shortened while it was copied, so the copy may lack lines`,
    "no line is lost: what was taken out of it is in a new archive; run this again",
  );
}

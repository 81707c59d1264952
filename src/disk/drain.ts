import type { FileHandle } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { holdersSoon } from "../host/processes.ts";
import { fingerprintOfDescriptor } from "./fingerprint.ts";

const QUIET_MS = 30;
/** Somebody who opened the file in the very moment of the swap and keeps it is waited for this long. */
const DRAIN_LIMIT_MS = 10_000;
const NEWLINE = 0x0a;

/**
 * Hands on what writers still add to a file that lost its name, until nobody has it open for writing and it stands still.
 * Whole lines only, as long as somebody may still finish the last one.
 */
export async function drain(
  file: FileHandle,
  from: number,
  carry: (bytes: Buffer) => void | Promise<void>,
): Promise<{ offset: number; isQuiet: boolean }> {
  const deadline = Date.now() + DRAIN_LIMIT_MS;
  let offset = from;
  for (let quietRounds = 0; quietRounds < 2; ) {
    const isHeld = (await holdersSoon(fingerprintOfDescriptor(file.fd))).some(({ writes }) => writes);
    // looked at behind that: nobody can open what has no name, so this is all that will ever be in it
    const late = await readBetween(file, offset, fingerprintOfDescriptor(file.fd).sizeBytes);
    const ready = isHeld ? late.subarray(0, late.lastIndexOf(NEWLINE) + 1) : late;
    if (ready.length > 0) await carry(ready);
    offset += ready.length;
    if (isHeld && Date.now() > deadline) return { offset, isQuiet: false };
    quietRounds = isHeld || late.length > 0 ? 0 : quietRounds + 1;
    if (quietRounds < 2) await sleep(QUIET_MS);
  }
  return { offset, isQuiet: true };
}

/** The bytes [from, to) of a file, as far as it goes. */
export async function readBetween(file: FileHandle, from: number, to: number): Promise<Buffer> {
  const bytes = Buffer.alloc(Math.max(0, to - from));
  let done = 0;
  while (done < bytes.length) {
    const { bytesRead } = await file.read(bytes, done, bytes.length - done, from + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return bytes.subarray(0, done);
}

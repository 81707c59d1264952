import { closeSync, constants, fstatSync, openSync, readdirSync, readFileSync } from "node:fs";
import { type Fingerprint, fingerprintOfDescriptor, isUnchanged, lookAt } from "../disk/fingerprint.ts";
import { errnoOf } from "../errors.ts";

/** What a gateway wrote into a lock. Each field is absent where the file does not hold it in a usable form. */
export type LockPayload = {
  pid?: number;
  /** epoch milliseconds */
  createdAtMs?: number;
  /** the owner's start, in clock ticks since boot */
  startTicks?: number;
  maxHoldMs?: number;
};

/** A lock as found on disk. `text` is what it held, so that a later look can tell whether it is still the same. */
export type LockFile = {
  path: string;
  /** `sealed`: a file that this user may not read; `large`: a file that no program would take for a lock */
  kind: "file" | "folder" | "sealed" | "large" | "other";
  fingerprint: Fingerprint;
  payload: LockPayload;
  text: string;
  /** for a folder: whether nothing lies in it; undefined where this user may not look into it */
  isEmpty: boolean | undefined;
};

const PAYLOAD_LIMIT_BYTES = 64 * 1024;
/** Process ids are 32-bit numbers; a larger one names nobody. */
const LARGEST_PID = 0x7fff_ffff;

/** Reads a lock; undefined when there is none. */
export function readLock(path: string): LockFile | undefined {
  const seen = lookAt(path);
  if (!seen) return undefined;
  const { kind, fingerprint } = seen;
  const base = { path, fingerprint, payload: {}, text: "" };
  if (kind !== "file" && kind !== "folder") return { ...base, kind: "other", isEmpty: false };
  try {
    if (kind === "folder") return { ...base, kind, isEmpty: readdirSync(path).length === 0 };
    const descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const isLarge = fstatSync(descriptor).size > PAYLOAD_LIMIT_BYTES;
      const text = isLarge ? "" : readFileSync(descriptor, "utf8");
      return {
        ...base,
        kind: isLarge ? "large" : kind,
        fingerprint: fingerprintOfDescriptor(descriptor),
        text,
        payload: parsePayload(text),
        isEmpty: text === "" && !isLarge,
      };
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    if (errnoOf(error) !== "EACCES") throw error;
    return kind === "folder" ? { ...base, kind, isEmpty: undefined } : { ...base, kind: "sealed", isEmpty: false };
  }
}

/** The very lock that was seen before, and untouched since: file systems give the inode of a removed file to the next one. */
export function isSameLock(before: LockFile, now: LockFile | undefined): boolean {
  return (
    now !== undefined &&
    now.kind === before.kind &&
    isUnchanged(before.fingerprint, now.fingerprint) &&
    now.text === before.text &&
    now.isEmpty === before.isEmpty
  );
}

/** The fields of every release: `createdAt` is ISO text, the oldest store lock has `startedAt` in milliseconds instead. */
export function parsePayload(text: string): LockPayload {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return {};
  }
  if (typeof value !== "object" || value === null) return {};
  const { pid, createdAt, startedAt, starttime, maxHoldMs } = value as Record<string, unknown>;
  const createdAtMs = typeof createdAt === "string" ? Date.parse(createdAt) : startedAt;
  return {
    ...(isCount(pid) && pid > 0 && pid <= LARGEST_PID ? { pid } : {}),
    ...(isCount(createdAtMs) ? { createdAtMs } : {}),
    ...(isCount(starttime) ? { startTicks: starttime } : {}),
    ...(isCount(maxHoldMs) ? { maxHoldMs } : {}),
  };
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0;
}

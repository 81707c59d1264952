import { closeSync, constants, fstatSync, openSync, readdirSync, readFileSync } from "node:fs";
import { type Fingerprint, fingerprintOfDescriptor, lookAt } from "../disk/fingerprint.ts";
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
  kind: "file" | "folder" | "other";
  fingerprint: Fingerprint;
  payload: LockPayload;
  text: string;
  /** for a folder: whether anything lies in it */
  isEmpty: boolean;
};

const PAYLOAD_LIMIT_BYTES = 64 * 1024;

/** Reads a lock; undefined when there is none. */
export function readLock(path: string): LockFile | undefined {
  const seen = lookAt(path);
  if (!seen) return undefined;
  const { kind, fingerprint } = seen;
  const base = { path, fingerprint, payload: {}, text: "" };
  if (kind === "folder") return { ...base, kind, isEmpty: readdirSync(path).length === 0 };
  if (kind !== "file") return { ...base, kind: "other", isEmpty: false };
  try {
    const descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const text = fstatSync(descriptor).size > PAYLOAD_LIMIT_BYTES ? "" : readFileSync(descriptor, "utf8");
      return {
        ...base,
        kind,
        fingerprint: fingerprintOfDescriptor(descriptor),
        text,
        payload: parsePayload(text),
        isEmpty: text === "",
      };
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    if (errnoOf(error) === "EACCES") return { ...base, kind, isEmpty: false };
    throw error;
  }
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
    ...(isCount(pid) && pid > 0 ? { pid } : {}),
    ...(isCount(createdAtMs) ? { createdAtMs } : {}),
    ...(isCount(starttime) ? { startTicks: starttime } : {}),
    ...(isCount(maxHoldMs) ? { maxHoldMs } : {}),
  };
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0;
}

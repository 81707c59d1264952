import { fstatSync, lstatSync, type Stats } from "node:fs";
import { errnoOf } from "../errors.ts";

/** What a file was when we looked: who it is (device, inode), how much it holds, and what must be kept of it. */
export type Fingerprint = {
  device: number;
  inode: number;
  sizeBytes: number;
  mtimeMs: number;
  mode: number;
  uid: number;
  gid: number;
  links: number;
};

/** What stands at a path; a link is never followed. */
export type PathKind = "file" | "folder" | "link" | "other";

/** Looks at a path itself, not at what it may link to. Undefined when nothing is there; other errors are thrown as they are. */
export function lookAt(path: string): { kind: PathKind; fingerprint: Fingerprint } | undefined {
  try {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    return stats && { kind: kindOf(stats), fingerprint: fingerprintOf(stats) };
  } catch (error) {
    if (errnoOf(error) === "ENOTDIR") return undefined;
    throw error;
  }
}

/** The fingerprint of an open file. */
export function fingerprintOfDescriptor(descriptor: number): Fingerprint {
  return fingerprintOf(fstatSync(descriptor));
}

/** The same file with the same content, as far as size and time of change can tell. */
export function isUnchanged(before: Fingerprint, now: Fingerprint | undefined): boolean {
  return (
    now !== undefined && isSameFile(before, now) && now.sizeBytes === before.sizeBytes && now.mtimeMs === before.mtimeMs
  );
}

/** The same file, whatever it holds by now. */
export function isSameFile(before: Fingerprint, now: Fingerprint | undefined): boolean {
  return now !== undefined && now.device === before.device && now.inode === before.inode;
}

function fingerprintOf(stats: Stats): Fingerprint {
  return {
    device: stats.dev,
    inode: stats.ino,
    sizeBytes: stats.size,
    mtimeMs: stats.mtimeMs,
    mode: stats.mode & 0o7777,
    uid: stats.uid,
    gid: stats.gid,
    links: stats.nlink,
  };
}

function kindOf(stats: Stats): PathKind {
  if (stats.isFile()) return "file";
  if (stats.isDirectory()) return "folder";
  return stats.isSymbolicLink() ? "link" : "other";
}

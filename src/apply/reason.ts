import { describeError, errnoOf } from "../errors.ts";

/** What stood in the way, in plain words where the system's error code is a known one. */
export function reasonOf(error: unknown): string {
  return REASONS[errnoOf(error) ?? ""] ?? describeError(error);
}

const REASONS: Record<string, string> = {
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  EROFS: "the file system is read-only",
  EACCES: "this user may not write there",
  EPERM: "this user may not do that",
  ELOOP: "a symbolic link stands in its place, and links are never followed",
  EIO: "the disk reports an error",
};

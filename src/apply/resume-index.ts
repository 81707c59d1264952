import { dirname, join } from "node:path";
import type { Disk } from "../disk/disk.ts";
import { lookAt } from "../disk/fingerprint.ts";

/** Newer releases of Claude Code keep byte offsets into a large transcript beside it; after a change they lead nowhere, and are made anew. */
export function removeIndex(path: string, sessionId: string, disk: Disk): void {
  const index = join(dirname(path), sessionId, "resume-head.jsonl");
  if (lookAt(index)?.kind === "file") disk.remove(index);
}

import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Disk, ownershipOf } from "../disk/disk.ts";
import { isUnchanged, lookAt } from "../disk/fingerprint.ts";
import { draftPathFor } from "../disk/left-behind.ts";
import { findElements, findMembers, type Member } from "../json/json-text.ts";
import { applySplices, type Splice } from "../json/splice.ts";

/**
 * Makes Claude Code look anew at a transcript that is about to change and keeps its time: what it has remembered of it leads
 * nowhere then. Newer releases keep byte offsets into a large one beside it; those of 2.0.71 to 2.1.25 a list for choosing.
 */
export function dropCaches(path: string, sessionId: string, disk: Disk): void {
  const index = join(dirname(path), sessionId, "resume-head.jsonl");
  if (lookAt(index)?.kind === "file") disk.remove(index);
  try {
    outdateListed(join(dirname(path), "sessions-index.json"), sessionId, disk);
  } catch {
    // a list that cannot be read or written shows old numbers, and is no reason to leave a session as it is
  }
}

/** An entry that is older than its file is read again. */
function outdateListed(path: string, sessionId: string, disk: Disk): void {
  const seen = lookAt(path);
  if (seen?.kind !== "file") return;
  const text = readFileSync(path, "latin1");
  const splices = timesOf(text, sessionId);
  if (splices.length === 0) return;
  const draft = draftPathFor(path);
  disk.createWith(draft, Buffer.from(applySplices(text, splices), "latin1"), ownershipOf(seen.fingerprint));
  if (isUnchanged(seen.fingerprint, lookAt(path)?.fingerprint)) disk.rename(draft, path);
  else disk.remove(draft);
}

function timesOf(text: string, sessionId: string): Splice[] {
  const entries = memberOf(text, text.indexOf("{"), "entries");
  if (!entries || text[entries.valueAt] !== "[") return [];
  return findElements(text, entries.valueAt).flatMap(({ at }): Splice[] => {
    if (text[at] !== "{") return [];
    const [id, time] = [memberOf(text, at, "sessionId"), memberOf(text, at, "fileMtime")];
    if (!id || !time || text.slice(id.valueAt, id.valueEnd) !== JSON.stringify(sessionId)) return [];
    const remove = text.slice(time.valueAt, time.valueEnd);
    return remove === "0" ? [] : [{ at: time.valueAt, remove, insert: "0" }];
  });
}

function memberOf(text: string, objectAt: number, name: string): Member | undefined {
  return findMembers(text, objectAt).members.findLast((member) => member.name === name);
}

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { ownershipOf } from "../disk/disk.ts";
import { type Fingerprint, fingerprintOfDescriptor, isUnchanged, lookAt } from "../disk/fingerprint.ts";
import { draftPathFor } from "../disk/left-behind.ts";
import { missingFolders } from "../disk/missing-folders.ts";
import { errnoOf, KeeperError } from "../errors.ts";
import { holdersOf } from "../host/processes.ts";
import { mapPath, unmapPath } from "../installation/paths.ts";
import { findMembers, JsonTextError } from "../json/json-text.ts";
import type { EntryEdit } from "../plan/plan.ts";
import { readPieces } from "../transcript/lines.ts";
import { openTranscript } from "../transcript/open.ts";
import type { EditStep } from "./entry-undo.ts";
import { hashOf } from "./left.ts";
import type { Archived, Placed, PlacedFile, Tools } from "./tools.ts";

/**
 * Copies the files of a session to the folder of the agent that it goes to, the transcript last: written beside, synced,
 * compared with what was archived, and given their names without replacing anything. A folder that is not there is made as the
 * gateway makes it, with the owner of the one that they come from.
 *
 * @param archived absent: of a session without files only its entry goes
 */
export async function placeFiles(step: EditStep, archived: Archived | undefined, tools: Tools): Promise<Placed> {
  const { edit, transcript, entry } = step;
  const { folder = dirname(entry.registryPath) } = edit ?? {};
  const placed: Placed = { files: [], folders: [] };
  try {
    for (const needed of new Set([folder, dirname(entry.registryPath)]))
      placed.folders.unshift(...makeFolders(needed, dirname(transcript.path), tools));
    if (!archived) return placed; // it has no files
    if (archived.bytes !== archived.source.sizeBytes) throw unfinished(transcript.path);
    const all = [...(archived.sidecars?.files ?? []), { path: transcript.path, fingerprint: archived.source }];
    for (const file of all) {
      const copy = await placeFile(file, join(folder, basename(file.path)), edit, tools);
      if (copy) placed.files.push(copy);
    }
    tools.disk.syncFolder(folder);
    const copied = placed.files.at(-1);
    const isWhole =
      copied?.path !== join(folder, basename(transcript.path)) || copied.sha256 === archived.record.sha256;
    if (!isWhole) throw changed(transcript.path);
    return placed;
  } catch (error) {
    withdraw(placed, tools);
    throw error;
  }
}

/** Takes copies away again that nothing leads to: the originals are where they were. */
export function withdraw({ files, folders }: Placed, { disk }: Tools): void {
  for (const { path } of files) if (lookAt(path)) disk.remove(path);
  for (const folder of folders) {
    try {
      disk.removeFolder(folder);
    } catch (error) {
      if (!["ENOTEMPTY", "EEXIST", "ENOENT"].includes(errnoOf(error) ?? "")) throw error;
    }
  }
}

/** The path that a file of the session has once it is moved; undefined for one that stays. */
export function pathAfterMove(path: string, { folder, files = [] }: EntryEdit = {}): string | undefined {
  const goes = files.some((file) => basename(file) === basename(path));
  return folder !== undefined && goes ? join(folder, basename(path)) : undefined;
}

function makeFolders(folder: string, like: string, { disk }: Tools): string[] {
  const missing = missingFolders(folder);
  const owner = lookAt(like)?.fingerprint;
  if (!owner) throw new KeeperError("changed", `${like} is gone`, "nothing was moved");
  for (const path of missing.toReversed()) {
    disk.makeNewFolder(path);
    disk.giveFolder(path, { uid: owner.uid, gid: owner.gid, mode: 0o700 });
    disk.syncFolder(dirname(path));
  }
  return missing;
}

type SourceFile = { path: string; fingerprint: Fingerprint };

/** Undefined where the very same is there already. */
async function placeFile(
  source: SourceFile,
  to: string,
  edit: EntryEdit | undefined,
  tools: Tools,
): Promise<PlacedFile | undefined> {
  const { disk, signal } = tools;
  const { path, fingerprint } = source;
  const draft = draftPathFor(to);
  const file = await openTranscript(path, fingerprint);
  const hash = createHash("sha256");
  try {
    async function* pieces() {
      const pointer = pointerAfterMove(path, edit, tools.installation.settings.paths);
      for await (const piece of pointer ? [pointer] : readPieces(file, 0, fingerprint.sizeBytes)) {
        signal.throwIfAborted();
        hash.update(piece);
        yield piece;
      }
    }
    const bytes = await disk.createOf(draft, pieces(), ownershipOf(fingerprint));
    disk.setTimes(draft, fingerprint.mtimeMs);
    if (!isUnchanged(fingerprint, fingerprintOfDescriptor(file.fd))) throw changed(path);
    const copy = { path: to, bytes, sha256: hash.digest("hex") };
    const isThere = await settleFormer(copy, source, tools);
    if (isThere) return undefined;
    disk.link(draft, to);
    return copy;
  } catch (error) {
    if (errnoOf(error) === "EEXIST") throw taken(to);
    throw error;
  } finally {
    await file.close();
    if (lookAt(draft)) disk.remove(draft);
  }
}

/**
 * What a killed run left under the name: the same copy stays, one of the file as it was then goes, since all of it is in the
 * file by now.
 *
 * @returns whether the copy is there
 */
async function settleFormer(copy: PlacedFile, { path, fingerprint }: SourceFile, { disk }: Tools): Promise<boolean> {
  const seen = lookAt(copy.path);
  if (!seen) return false;
  const { sizeBytes } = seen.fingerprint;
  if (seen.kind !== "file" || sizeBytes > copy.bytes || holdersOf(seen.fingerprint).length > 0) throw taken(copy.path);
  const found = await hashOfFile(copy.path, seen.fingerprint, sizeBytes);
  if (found === copy.sha256) return true;
  if (found !== (await hashOfFile(path, fingerprint, sizeBytes))) throw taken(copy.path);
  disk.remove(copy.path);
  return false;
}

async function hashOfFile(path: string, found: Fingerprint, bytes: number): Promise<string> {
  const file = await openTranscript(path, found);
  try {
    return await hashOf(file, 0, bytes);
  } finally {
    await file.close();
  }
}

/** The pointer to a trace that goes along names its new place; undefined for any other file. */
function pointerAfterMove(
  path: string,
  edit: EntryEdit | undefined,
  paths: Record<string, string>,
): Buffer | undefined {
  const { folder, files: [transcript = ""] = [] } = edit ?? {};
  if (folder === undefined || !path.endsWith(".trajectory-path.json")) return undefined;
  const trace = transcript.replace(/\.jsonl$/, ".trajectory.jsonl");
  const bytes = readFileSync(path);
  const text = bytes.toString("utf8");
  try {
    const named = findMembers(text).members.findLast(({ name }) => name === "runtimeFile");
    if (!named || !Buffer.from(text).equals(bytes)) return undefined;
    const file: unknown = JSON.parse(text.slice(named.valueAt, named.valueEnd));
    if (typeof file !== "string" || mapPath(file, paths) !== trace) return undefined;
    const after = JSON.stringify(unmapPath(join(folder, basename(trace)), paths));
    return Buffer.from(text.slice(0, named.valueAt) + after + text.slice(named.valueEnd));
  } catch (error) {
    if (error instanceof JsonTextError) return undefined;
    throw error;
  }
}

function taken(path: string): KeeperError {
  return new KeeperError(
    "failed",
    `${path} is another file than the one that was to be moved there`,
    "the session stays where it was; look at that file, and move it away if nobody needs it",
  );
}

function unfinished(path: string): KeeperError {
  return new KeeperError("changed", `the last line of ${path} is still being written`, "the next run looks again");
}

function changed(path: string): KeeperError {
  return new KeeperError("changed", `${path} was written to while it was copied`, "the next run looks again");
}

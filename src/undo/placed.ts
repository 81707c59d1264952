import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { hashOf } from "../apply/left.ts";
import { withdraw } from "../apply/place-files.ts";
import type { Tools } from "../apply/tools.ts";
import type { AddedEntryUndo } from "../apply/undo-data.ts";
import { lookAt } from "../disk/fingerprint.ts";
import { openTranscript } from "../transcript/open.ts";
import { blocked, READY, RESTORED, type Standing } from "./standing.ts";

type Copies = Pick<AddedEntryUndo, "placed" | "folders">;
type PlacedFile = NonNullable<AddedEntryUndo["placed"]>[number];

/** Looks whether the copies of a session's files that a run made are still as it made them: the originals come back. */
export async function lookAtPlaced({ placed = [], folders = [] }: Copies): Promise<Standing> {
  const there = placed.filter(({ path }) => lookAt(path));
  for (const file of there) {
    if (!(await isAsPlaced(file))) return blocked(`${file.path} was written to since: the session goes on there`);
  }
  return there.length > 0 || folders.some((folder) => existsSync(folder)) ? READY : RESTORED;
}

/** Takes them away again, and the folders that were made for them where nothing else lies in those. @returns why not, in words */
export async function takeAwayPlaced({ placed = [], folders = [] }: Copies, tools: Tools): Promise<string | undefined> {
  const standing = await lookAtPlaced({ placed, folders });
  if (standing.state === "blocked") return standing.because;
  withdraw({ files: placed, folders }, tools);
  for (const folder of new Set(placed.map(({ path }) => dirname(path))))
    if (existsSync(folder)) tools.disk.syncFolder(folder);
  return undefined;
}

async function isAsPlaced({ path, bytes, sha256 }: PlacedFile): Promise<boolean> {
  const seen = lookAt(path);
  if (seen?.kind !== "file" || seen.fingerprint.sizeBytes !== bytes) return false;
  const file = await openTranscript(path, seen.fingerprint);
  try {
    return (await hashOf(file, 0, bytes)) === sha256;
  } finally {
    await file.close();
  }
}

import type { FileHandle } from "node:fs/promises";
import { basename, dirname, join, sep } from "node:path";
import { archiveFolderOf } from "../archive/folder.ts";
import type { Disk } from "../disk/disk.ts";
import { type Fingerprint, isSameFile, lookAt } from "../disk/fingerprint.ts";
import { asidePathFor, DRAFT, SET_ASIDE } from "../disk/left-behind.ts";
import { drain } from "../disk/shorten.ts";
import { describeError } from "../errors.ts";
import { holdersOf } from "../host/processes.ts";
import type { Installation, Transcript } from "../installation/installation.ts";
import { listFolder } from "../installation/registries.ts";
import { removeOwnLeftLock } from "../locks/gateway-lock.ts";
import { readPieces } from "../transcript/lines.ts";
import { openTranscript } from "../transcript/open.ts";
import { archiveRange } from "./archive-transcript.ts";
import type { Tools } from "./tools.ts";

/**
 * Finishes what a run that was killed had begun: drops drafts and that run's own locks, and brings home what was added to a
 * transcript that had been set aside, before that goes.
 *
 * @returns what could not be cleared away, and why; the run goes on without it, the next one tries again
 */
export async function recoverSetAside(tools: Tools): Promise<Installation["unreadable"]> {
  const { disk, installation } = tools;
  const problems: Installation["unreadable"] = [];
  const attempt = async (path: string, clear: () => void | Promise<void>) => {
    try {
      await clear();
    } catch (error) {
      if (!tools.signal.aborted) problems.push({ path, message: describeError(error) });
    }
  };
  for (const path of installation.leftBehind) {
    const [, original, bytes] = SET_ASIDE.exec(basename(path)) ?? [];
    if (DRAFT.test(path)) await attempt(path, () => disk.remove(path));
    else if (original && bytes)
      await attempt(path, () => bringHome(path, join(dirname(path), original), Number(bytes), tools));
  }
  const { minAge: minAgeMs, unknownOwnerAge: unknownOwnerAgeMs } = tools.settings.locks;
  const policy = { minAgeMs, unknownOwnerAgeMs, foreignPids: tools.foreignPids };
  const named = installation.transcripts
    .filter(() => installation.folders.length > 0)
    .map(({ path }) => `${path}.lock`);
  for (const path of named) await attempt(path, () => removeOwnLeftLock(disk, path, policy));
  const folders = new Set(installation.registries.flatMap(({ path, sessions }) => [dirname(path), sessions]));
  for (const folder of folders) {
    for (const name of listFolder(folder, problems).filter((file) => file.endsWith(".lock"))) {
      const path = join(folder, name);
      await attempt(path, () => removeOwnLeftLock(disk, path, policy));
    }
  }
  return problems;
}

async function bringHome(aside: string, live: string, bytes: number, tools: Tools): Promise<void> {
  const { disk } = tools;
  const seen = lookAt(aside);
  if (!seen) return;
  if (isSameFile(seen.fingerprint, lookAt(live)?.fingerprint)) {
    disk.remove(aside); // the swap had not begun: it is a second name of the file itself
    return;
  }
  const { claude } = tools.installation;
  const isClaude = claude !== null && aside.startsWith(claude.projects + sep);
  const goesOn = isClaude || lookAt(live) !== undefined; // else its session got a fresh start under another name
  const file = await openTranscript(aside, seen.fingerprint);
  try {
    const { offset, isQuiet } = goesOn
      ? await drain(file, bytes, await carrierTo(live, disk))
      : await drain(file, bytes, () => undefined);
    if (!goesOn && offset > bytes) await archiveRest(file, { from: bytes, to: offset }, live, seen.fingerprint, tools);
    if (isQuiet) disk.remove(aside);
    else if (offset > bytes) disk.rename(aside, asidePathFor(live, offset));
  } finally {
    await file.close();
  }
}

/** An OpenClaw session has a fresh start by now, so what was still added to the old one belongs into the archive. */
async function archiveRest(
  file: FileHandle,
  range: { from: number; to: number },
  live: string,
  fingerprint: Fingerprint,
  tools: Tools,
): Promise<void> {
  const folder = archiveFolderOf(tools.settings, tools.installation, { dialect: "openclaw", path: live });
  const sessionId = basename(live).replace(/\.jsonl$/, "");
  const group = tools.installation.registries.find(({ sessions }) => sessions === dirname(live))?.agent ?? "main";
  const transcript: Transcript = {
    dialect: "openclaw",
    path: live,
    sessionId,
    group,
    kind: "file",
    fingerprint,
    entries: [],
    inWorkspace: false,
  };
  await archiveRange(
    { file, ...range, folder, transcript, reason: "manual", purpose: "remove", source: undefined },
    tools,
  );
}

/** Appends the lines that a transcript does not hold yet. A line that a full disk cut off there is completed. */
async function carrierTo(live: string, disk: Disk): Promise<(late: Buffer) => void> {
  const present = (await textOf(live)).split("\n");
  const open = present.pop() ?? "";
  const held = new Set(present);
  let isFirst = true;
  return (late) => {
    const missing = late
      .toString("latin1")
      .split("\n")
      .filter((line) => line !== "" && !held.has(line));
    if (missing.length === 0) return;
    const text = `${missing.join("\n")}\n`;
    const rest = isFirst && text.startsWith(open) ? text.slice(open.length) : text;
    const gap = isFirst && rest.length === text.length && open !== "" && !isBeingWritten(live) ? "\n" : "";
    disk.append(live, Buffer.from(gap + rest, "latin1"), { sync: true });
    isFirst = false;
  };
}

/** Somebody may still finish the last line himself. */
function isBeingWritten(path: string): boolean {
  const seen = lookAt(path);
  return seen !== undefined && holdersOf(seen.fingerprint).some(({ writes }) => writes);
}

async function textOf(path: string): Promise<string> {
  const seen = lookAt(path);
  if (!seen) return "";
  const file = await openTranscript(path, seen.fingerprint);
  const pieces: string[] = [];
  for await (const piece of readPieces(file, 0, seen.fingerprint.sizeBytes)) pieces.push(piece.toString("latin1"));
  await file.close();
  return pieces.join("");
}

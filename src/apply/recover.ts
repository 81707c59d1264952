import type { FileHandle } from "node:fs/promises";
import { basename, dirname, join, sep } from "node:path";
import { archiveFolderOf } from "../archive/folder.ts";
import { type Fingerprint, isSameFile, lookAt } from "../disk/fingerprint.ts";
import { asidePathFor, DRAFT, LOCK_DRAFT, SET_ASIDE } from "../disk/left-behind.ts";
import { drain } from "../disk/shorten.ts";
import { describeError } from "../errors.ts";
import type { Installation, Transcript } from "../installation/installation.ts";
import { listFolder } from "../installation/registries.ts";
import { removeOwnLeftLock } from "../locks/gateway-lock.ts";
import { settleCaptured } from "../locks/remove-seen.ts";
import { openTranscript } from "../transcript/open.ts";
import { archiveRange } from "./archive-transcript.ts";
import { carrierTo } from "./late-rows.ts";
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
    if (LOCK_DRAFT.test(path)) await attempt(path, () => settleCaptured(disk, path));
    else if (DRAFT.test(path)) await attempt(path, () => disk.remove(path));
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

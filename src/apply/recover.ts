import type { FileHandle } from "node:fs/promises";
import { basename, dirname, join, sep } from "node:path";
import { recordsOf } from "../archive/catalog.ts";
import { archiveFolderOf } from "../archive/folder.ts";
import { drain } from "../disk/drain.ts";
import { type Fingerprint, isSameFile, lookAt } from "../disk/fingerprint.ts";
import { asidePathFor, DRAFT, isAbandoned, isDraftOfHere, LOCK_DRAFT, SET_ASIDE } from "../disk/left-behind.ts";
import { describeError } from "../errors.ts";
import type { Installation, Transcript } from "../installation/installation.ts";
import { lockRulesOf } from "../installation/lock-rules.ts";
import { listFolder } from "../installation/registries.ts";
import { removeOwnLeftLock } from "../locks/gateway-lock.ts";
import { settleCaptured } from "../locks/remove-seen.ts";
import { openTranscript } from "../transcript/open.ts";
import { archiveRange } from "./archive-transcript.ts";
import { carrierTo } from "./late-rows.ts";
import { finishSidecars } from "./remove-sidecars.ts";
import type { Tools } from "./tools.ts";

/**
 * Finishes what a run that was killed had begun: drops drafts and that run's own locks, and brings home what was added to a
 * transcript that had been set aside, before that goes. Drafts of another host or container wait until they are nobody's.
 *
 * @returns what could not be cleared away, and why; the run goes on without it, the next one tries again
 */
export async function recoverSetAside(tools: Tools): Promise<Installation["unreadable"]> {
  const { disk, installation, foreignPids } = tools;
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
    if (LOCK_DRAFT.test(path)) await attempt(path, () => settleCaptured(disk, path, { foreignPids }));
    else if (DRAFT.test(path)) {
      // of a run here that was killed, since its lock is ours; another host may be at work on others
      if (isDraftOfHere(path) || isAbandoned(path)) await attempt(path, () => disk.remove(path));
    } else if (original && bytes)
      await attempt(path, () => bringHome(path, join(dirname(path), original), Number(bytes), tools));
  }
  const rules = lockRulesOf(installation, tools.settings, tools);
  const named = installation.transcripts
    .filter(() => installation.folders.length > 0)
    .map(({ path }) => `${path}.lock`);
  for (const path of named) await attempt(path, () => removeOwnLeftLock(disk, path, rules));
  const isClosed = installation.openclaw?.era.era === "S"; // nothing in there is ours to clear away
  const folders = new Set(
    (isClosed ? [] : installation.registries).flatMap(({ path, sessions }) => [dirname(path), sessions]),
  );
  for (const folder of folders) {
    for (const name of listFolder(folder, problems).filter((file) => file.endsWith(".lock"))) {
      const path = join(folder, name);
      await attempt(path, () => removeOwnLeftLock(disk, path, rules));
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
  const goesOn = lookAt(live) !== undefined; // else it was to be removed, or its program has removed it since
  const { claude } = tools.installation;
  const dialect = claude && aside.startsWith(claude.projects + sep) ? "claude-code" : "openclaw";
  if (!goesOn) await finishSidecars({ dialect, path: live }, tools);
  const file = await openTranscript(aside, seen.fingerprint);
  try {
    const { offset, isQuiet } = goesOn
      ? await drain(file, bytes, carrierTo(live, disk))
      : await drain(file, bytes, () => undefined);
    if (!goesOn && offset > bytes) {
      const transcript = transcriptOf(live, dialect, seen.fingerprint, tools);
      await archiveRest(file, { from: bytes, to: offset }, transcript, tools);
    }
    if (isQuiet) disk.remove(aside);
    else if (offset > bytes) disk.rename(aside, asidePathFor(live, offset));
  } finally {
    await file.close();
  }
}

/** The session is archived by now, so what was still added to its transcript belongs into the archive, too. */
async function archiveRest(
  file: FileHandle,
  range: { from: number; to: number },
  transcript: Transcript,
  tools: Tools,
): Promise<void> {
  const folder = archiveFolderOf(tools.settings, tools.installation, transcript);
  const tailOf = recordsOf(folder, transcript.path).findLast(({ sessionId }) => sessionId === transcript.sessionId);
  await archiveRange(
    { file, ...range, folder, transcript, reason: "manual", purpose: "remove", source: undefined, tailOf },
    tools,
  );
}

function transcriptOf(
  path: string,
  dialect: Transcript["dialect"],
  fingerprint: Fingerprint,
  { installation }: Tools,
): Transcript {
  const folder = dirname(path);
  const agent = installation.registries.find(({ sessions }) => sessions === folder)?.agent ?? "main";
  return {
    dialect,
    path,
    sessionId: basename(path).replace(/\.jsonl$/, ""),
    group: dialect === "claude-code" ? basename(folder) : agent,
    kind: "file",
    fingerprint,
    entries: [],
    inWorkspace: false,
  };
}

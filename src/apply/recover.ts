import { basename, dirname, join } from "node:path";
import { archiveFolderOf } from "../archive/folder.ts";
import { isSameFile, lookAt } from "../disk/fingerprint.ts";
import { DRAFT, drain, SET_ASIDE } from "../disk/shorten.ts";
import type { Transcript } from "../installation/installation.ts";
import { readPieces } from "../transcript/lines.ts";
import { openTranscript } from "../transcript/open.ts";
import { archiveRange } from "./archive-transcript.ts";
import type { Tools } from "./tools.ts";

/**
 * Finishes what a run that was killed had begun: drops drafts, and brings home what was added to a transcript that had
 * been set aside, before that goes.
 */
export async function recoverSetAside(tools: Tools): Promise<void> {
  const { claude, leftBehind } = tools.installation;
  for (const path of leftBehind) {
    const [, original, bytes] = SET_ASIDE.exec(basename(path)) ?? [];
    const isClaude = claude !== null && path.startsWith(claude.projects);
    if (DRAFT.test(path)) tools.disk.remove(path);
    else if (original && bytes) await bringHome(path, join(dirname(path), original), Number(bytes), isClaude, tools);
  }
}

async function bringHome(aside: string, live: string, bytes: number, isClaude: boolean, tools: Tools): Promise<void> {
  const { disk } = tools;
  const seen = lookAt(aside);
  if (!seen) return;
  const now = lookAt(live);
  if (now && isSameFile(seen.fingerprint, now.fingerprint)) {
    disk.remove(aside); // the swap had not begun: it is a second name of the file itself
    return;
  }
  const file = await openTranscript(aside, seen.fingerprint);
  try {
    if (isClaude) {
      const present = await linesOf(live);
      const { isQuiet } = await drain(file, bytes, (late) => {
        const missing = late
          .toString("latin1")
          .split("\n")
          .filter((line) => line !== "" && !present.has(line));
        if (missing.length > 0) disk.append(live, Buffer.from(`${missing.join("\n")}\n`, "latin1"), { sync: true });
      });
      if (isQuiet) disk.remove(aside);
      return;
    }
    if (seen.fingerprint.sizeBytes > bytes) {
      const folder = archiveFolderOf(tools.settings, tools.installation, "openclaw");
      const sessionId = basename(live).replace(/\.jsonl$/, "");
      const group = tools.installation.registries.find(({ sessions }) => sessions === dirname(live))?.agent ?? "main";
      const transcript: Transcript = {
        dialect: "openclaw",
        path: live,
        sessionId,
        group,
        kind: "file",
        fingerprint: seen.fingerprint,
        entries: [],
        inWorkspace: false,
      };
      await archiveRange(
        { file, from: bytes, to: seen.fingerprint.sizeBytes, folder, transcript, reason: "manual", source: undefined },
        tools,
      );
    }
    disk.remove(aside);
  } finally {
    await file.close();
  }
}

async function linesOf(path: string): Promise<Set<string>> {
  const seen = lookAt(path);
  if (!seen) return new Set();
  const file = await openTranscript(path, seen.fingerprint);
  const pieces: string[] = [];
  for await (const piece of readPieces(file, 0, seen.fingerprint.sizeBytes)) pieces.push(piece.toString("latin1"));
  await file.close();
  return new Set(pieces.join("").split("\n"));
}

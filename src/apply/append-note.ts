import { existsSync, readFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import type { Disk } from "../disk/disk.ts";
import { ownershipInFolder } from "../disk/disk.ts";
import { lookAt } from "../disk/fingerprint.ts";
import { missingFolders } from "../disk/missing-folders.ts";
import { sha256Of } from "../disk/sha256.ts";
import { describeError, KeeperError } from "../errors.ts";
import type { Installation, Transcript } from "../installation/installation.ts";
import { projectNamesOf } from "../installation/paths.ts";
import type { Step } from "../plan/plan.ts";
import type { Outcome } from "./outcome.ts";
import type { Archived, Progress, Tools } from "./tools.ts";

/** What each text that a run notes begins with. */
export const NOTE_HEADING = "## Session archived, ";

type NoteStep = Extract<Step, { kind: "append-note" }>;

/**
 * Tells the bot's memory which session was archived, under which name, and which files it had changed. Once per archive.
 * Where the memory can't be written, the note lies beside the archive instead: the rotation does not fail for it.
 */
export async function appendNote(step: NoteStep, progress: Progress, tools: Tools): Promise<Outcome> {
  const { archived } = progress;
  if (!archived) return { step, result: "failed", because: "there is no archive to write of", detail: {} };
  const beside = archived.path.replace(/\.jsonl\.gz$/, ".note.md");
  const wanted =
    step.template === null ? undefined : notePath(step.template, step.transcript, tools.installation, new Date());
  if (wanted) {
    try {
      return write(step, wanted, archived, tools.disk);
    } catch (error) {
      const outcome = write(step, beside, archived, tools.disk);
      return {
        ...outcome,
        because: `beside the archive, because the memory could not be written (${describeError(error)})`,
      };
    }
  }
  return write(step, beside, archived, tools.disk);
}

function write(step: NoteStep, path: string, archived: Archived, disk: Disk): Outcome {
  const seen = lookAt(path);
  if (seen && seen.kind !== "file") throw new KeeperError("failed", `${path} is no plain file`, "it was left alone");
  const before = seen ? readFileSync(path, "utf8") : "";
  if (before.includes(basename(archived.path))) return { step, result: "already-done", detail: { note: path } };
  const folders = missingFolders(dirname(path));
  disk.makeFolder(dirname(path));
  const gap = before === "" ? "" : before.endsWith("\n") ? "\n" : "\n\n";
  const text = gap + noteText(step.transcript, archived);
  const isPrivate = path.endsWith(".note.md");
  disk.append(path, text, {
    ownership: isPrivate ? { ...ownershipInFolder(dirname(path)), mode: 0o600 } : ownershipInFolder(dirname(path)),
    sync: true,
  });
  return {
    step,
    result: "done",
    detail: { note: path, files: archived.files.length },
    undo: {
      note: path,
      offset: Buffer.byteLength(before),
      bytes: Buffer.byteLength(text),
      sha256: sha256Of(text),
      mtimeMs: seen?.fingerprint.mtimeMs ?? null,
      folders,
    },
  };
}

function noteText(transcript: Transcript, { path, record, files }: Archived): string {
  const time = record.at.slice(0, 16).replace("T", " ");
  const list =
    files.length > 0
      ? ["Files modified in it:", "", ...files.map((file) => `- ${printable(file)}`)]
      : ["No file was modified in it."];
  return [
    `${NOTE_HEADING}${time} UTC`,
    "",
    record.purpose === "cut"
      ? `What stood before the last compaction of session ${transcript.sessionId} is kept as ${basename(path)}; the session goes on.`
      : `Session ${transcript.sessionId} (${record.reason}) is kept as ${basename(path)}.`,
    "",
    ...list,
    "",
  ].join("\n");
}

/** The note's path; undefined where the installation has no workspace that is there. */
function notePath(
  template: string,
  transcript: Transcript,
  { workspaces }: Installation,
  now: Date,
): string | undefined {
  const own = workspaces.find((workspace) => projectNamesOf(workspace).includes(transcript.group));
  const workspace = own ?? workspaces[0];
  if (template.includes("{workspace}") && (!workspace || !existsSync(workspace))) return undefined;
  return template.replaceAll("{workspace}", workspace ?? "").replaceAll("{date}", localDate(now));
}

/** The date as the bot's own daily notes use it. */
function localDate(now: Date): string {
  const two = (value: number) => String(value).padStart(2, "0");
  return `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
}

/** A path comes from a conversation: it must not be able to write lines of its own into the memory. */
function printable(path: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what has to go
  return path.replace(/[\u0000-\u001f\u007f]/g, "?").slice(0, 500);
}

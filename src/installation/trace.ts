import { closeSync, constants, openSync, readSync } from "node:fs";
import { basename, dirname, isAbsolute, sep } from "node:path";
import { lookAt } from "../disk/fingerprint.ts";
import { errnoOf } from "../errors.ts";
import type { Installation, Transcript } from "./installation.ts";
import { mapPath, realPathOr } from "./paths.ts";

/** A pointer is a few lines; an event of a trace has at most 256 KiB. */
const LONGEST_POINTER_BYTES = 64 * 1024;
const LONGEST_EVENT_BYTES = 256 * 1024;

/**
 * Where OpenClaw has the trace of a session's runs: beside the transcript, under its name; and where the pointer beside it
 * says, if `OPENCLAW_TRAJECTORY_DIR` once had it elsewhere. The places themselves need not exist, what is pointed to does.
 */
export function tracePlaces(transcript: Transcript, installation: Installation): string[] {
  const stem = transcript.path.replace(/\.jsonl$/, "");
  const pointer = `${stem}.trajectory-path.json`;
  const pointedTo = lookAt(pointer)?.kind === "file" ? placeOf(pointer, transcript, installation) : undefined;
  return [...new Set([`${stem}.trajectory.jsonl`, pointer, ...(pointedTo === undefined ? [] : [pointedTo])])];
}

/**
 * The trace that a pointer names. It must prove to be one of this session: anybody may write a pointer, and what it names is
 * taken away in the end.
 */
function placeOf(pointer: string, transcript: Transcript, installation: Installation): string | undefined {
  const { openclaw, settings, transcripts, registries } = installation;
  const { traceSchema, sessionId, runtimeFile } = parse(startOf(pointer, LONGEST_POINTER_BYTES));
  if (traceSchema !== "openclaw-trajectory-pointer" || typeof runtimeFile !== "string") return undefined;
  if (!openclaw || !namesOf(transcript).includes(sessionId) || !isAbsolute(runtimeFile.trim())) return undefined;
  const named = mapPath(runtimeFile.trim(), settings.paths);
  const path = `${realPathOr(dirname(named))}/${basename(named)}`;
  if (!path.startsWith(openclaw.home + sep) || lookAt(path)?.kind !== "file") return undefined;
  const isAt = (other: { path: string }) => other.path === path;
  if (transcripts.some(isAt) || registries.some(isAt)) return undefined;
  const event = parse(startOf(path, LONGEST_EVENT_BYTES).trimStart().split("\n")[0] ?? "");
  return event.traceSchema === "openclaw-trajectory" && event.sessionId === sessionId ? path : undefined;
}

/** Ids that mean this session: a transcript of a topic bears the topic's number behind the session's own id. */
function namesOf({ sessionId, entries }: Transcript): unknown[] {
  return [sessionId.replace(/-topic-.+$/, ""), sessionId, ...entries.flatMap(({ entry }) => entry.sessionId ?? [])];
}

function startOf(path: string, mostBytes: number): string {
  const bytes = Buffer.alloc(mostBytes);
  try {
    const descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      return bytes.subarray(0, readSync(descriptor, bytes, 0, mostBytes, 0)).toString("utf8");
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return "";
    throw error;
  }
}

function parse(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

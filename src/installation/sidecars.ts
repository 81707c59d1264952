import { accessSync, constants, readdirSync, readlinkSync } from "node:fs";
import { dirname, join, resolve, sep } from "node:path";
import { type Fingerprint, lookAt, type PathKind } from "../disk/fingerprint.ts";
import { describeError, errnoOf } from "../errors.ts";
import type { Installation, Transcript } from "./installation.ts";
import { realPathOr } from "./paths.ts";
import { tracePlaces } from "./trace.ts";

/** A file, or a symbolic link as such, that belongs to a transcript. `target`: what the link says. */
export type SidecarFile = { path: string; fingerprint: Fingerprint } & (
  | { kind: "file" }
  | { kind: "link"; target: string }
);

export type SidecarFolder = { path: string; kind: "folder"; fingerprint: Fingerprint };

/**
 * What belongs to a transcript and has to go where it goes. `base`: the folder above all of it; `folders`: those above before
 * those below.
 */
export type Sidecars = { base: string; files: SidecarFile[]; folders: SidecarFolder[] };

/** Devices of the transcript and of its folder: what lies on another one is mounted there. */
type Devices = { ofFiles: number; ofFolders: number };

/** Words of why sidecars cannot be taken along. */
class Obstacle extends Error {}

/**
 * Claude Code: the folder with the session's id. OpenClaw: the trace of its runs, the pointer to it, and the trace that the
 * pointer names, if that lies in the home. No link is ever followed.
 *
 * @param movingWith of a session that goes to another folder: what else goes there. A trace elsewhere stays then, where the
 *   session's id leads to it
 * @returns in words why they cannot be taken along, so that the session has to be left alone
 */
export function findSidecars(
  transcript: Transcript,
  installation: Installation,
  movingWith?: readonly string[],
): Sidecars | { refused: string } {
  const found: Sidecars = { base: baseOf(transcript, installation), files: [], folders: [] };
  const beside = dirname(transcript.path);
  try {
    const devices = { ofFiles: transcript.fingerprint.device, ofFolders: deviceOf(beside) };
    if (transcript.dialect === "openclaw") {
      const traces = tracePlaces(transcript, installation).filter((path) => !movingWith || dirname(path) === beside);
      for (const path of [...traces, ...(movingWith ?? [])]) if (lookAt(path)) take(path, "file", path, found, devices);
    } else {
      const folder = join(beside, transcript.sessionId);
      if (lookAt(folder)) take(folder, "folder", folder, found, devices);
    }
  } catch (error) {
    if (error instanceof Obstacle) return { refused: error.message };
    if (errnoOf(error)) return { refused: `what belongs to it cannot be read (${describeError(error)})` };
    throw error;
  }
  return found;
}

/** The folder that the names of a transcript's sidecars begin in: its home, or where it lies if that is in none. */
export function baseOf(
  { dialect, path }: Pick<Transcript, "dialect" | "path">,
  { claude, openclaw }: Pick<Installation, "claude" | "openclaw">,
): string {
  const home = dialect === "claude-code" ? claude?.home : openclaw?.home;
  return home !== undefined && path.startsWith(home + sep) ? home : dirname(path);
}

/** @param top the folder that belongs to the session as a whole */
function take(path: string, expected: PathKind | "any", top: string, found: Sidecars, devices: Devices): void {
  const seen = lookAt(path);
  if (!seen) throw new Obstacle(`${path} went away while it was looked at`);
  const { kind, fingerprint } = seen;
  if (expected !== "any" && kind !== expected) throw new Obstacle(`${path} is no plain ${expected}`);
  if (kind === "other") throw new Obstacle(`${path} is neither a file nor a folder`);
  if (kind === "link") {
    found.files.push({ path, kind, fingerprint, target: targetInside(path, top) });
    return;
  }
  if (fingerprint.device !== (kind === "folder" ? devices.ofFolders : devices.ofFiles))
    throw new Obstacle(`${path} lies on another file system than the transcript`);
  accessSync(path, constants.R_OK);
  if (kind === "file") {
    found.files.push({ path, kind, fingerprint });
    return;
  }
  found.folders.push({ path, kind, fingerprint });
  const names = readdirSync(path, "buffer").map((name) => textOf(name, path));
  for (const name of names.sort()) take(join(path, name), "any", top, found, devices);
}

/** What a link says, if it leads to a place inside the folder: elsewhere it would name what is not archived with it. */
function targetInside(path: string, top: string): string {
  const target = textOf(readlinkSync(path, "buffer"), path);
  const leadsTo = realPathOr(resolve(dirname(path), target));
  if (leadsTo === top || leadsTo.startsWith(top + sep)) return target;
  throw new Obstacle(`${path} is a symbolic link that leads out of the session's folder`);
}

/** A name that is no text could not be written down as it is. */
function textOf(bytes: Buffer, where: string): string {
  const text = bytes.toString("utf8");
  if (Buffer.from(text).equals(bytes)) return text;
  throw new Obstacle(`${where} has a name in it that is no valid UTF-8`);
}

function deviceOf(folder: string): number {
  const seen = lookAt(folder);
  if (!seen) throw new Obstacle(`${folder} went away while it was looked at`);
  return seen.fingerprint.device;
}

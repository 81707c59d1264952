import type { FileHandle } from "node:fs/promises";
import { hashOf } from "../apply/left.ts";
import { replaceTranscript } from "../apply/replace-transcript.ts";
import type { Tools } from "../apply/tools.ts";
import type { Left, TranscriptUndo } from "../apply/undo-data.ts";
import { fingerprintOfDescriptor, lookAt } from "../disk/fingerprint.ts";
import { draftPathFor } from "../disk/left-behind.ts";
import { takeProbes } from "../disk/probes.ts";
import { carelessWriter } from "../disk/shorten.ts";
import { blockedBecause, registryLocking } from "../installation/era.ts";
import { findGateway, type GatewayState } from "../installation/gateway.ts";
import type { Installation } from "../installation/installation.ts";
import { readPieces } from "../transcript/lines.ts";
import { openTranscript, unsafeBecause } from "../transcript/open.ts";
import { blocked, type Looking, type PutBack, RESTORED, type Standing } from "./standing.ts";
import { beginsWithStored, missingArchive, sizeOfStored, storedPieces } from "./stored.ts";

/**
 * Looks whether transcripts are still what the run left, so that what was taken out of them can be put back. Whether a gateway
 * runs beside them is looked up once.
 */
export function lookerAtTranscripts({
  installation,
  foreignPids,
}: Looking): (undo: TranscriptUndo) => Promise<Standing> {
  const { openclaw } = installation;
  let gateway: Promise<GatewayState> | undefined;
  return async (undo) => {
    const standing = await lookAtTranscript(undo, installation);
    if (standing.state !== "ready" || undo.dialect !== "openclaw" || !openclaw) return standing;
    gateway ??= findGateway(openclaw, foreignPids);
    const inTheWay = blockedBecause(undo, installation, await gateway);
    if (!inTheWay) return standing;
    return blocked(
      `${inTheWay.detail ?? "a gateway may run"}, and one of this release takes the lock of a transcript from us`,
    );
  };
}

async function lookAtTranscript(undo: TranscriptUndo, { openclaw }: Installation): Promise<Standing> {
  const { path, stored, left, dialect, sidecars } = undo;
  if (dialect === "openclaw" && openclaw && registryLocking(openclaw.era.era) === "never")
    return blocked("it belongs to an OpenClaw in whose home nothing is written");
  const seen = lookAt(path);
  if (!seen)
    return left === "nothing" ? missingArchive([...stored, ...(sidecars ? [sidecars] : [])]) : blocked("it is gone");
  const unsafe = unsafeBecause(path);
  if (unsafe !== undefined) return blocked(unsafe);
  const { sizeBytes } = seen.fingerprint;
  const file = await openTranscript(path, seen.fingerprint);
  try {
    if (typeof left === "object" && (await isStillLeft(file, sizeBytes, left))) {
      const careless = carelessWriter(seen.fingerprint);
      return careless === undefined ? missingArchive(stored) : blocked(careless);
    }
    if (await beginsWithStored(file, sizeBytes, stored)) return RESTORED;
  } finally {
    await file.close();
  }
  if (left === "unknown") return blocked("what the run left in its place could not be noted");
  if (left === "nothing") return blocked(`another file of ${sizeBytes} bytes stands there by now`);
  return blocked(`it was changed since: the run left ${left.bytes} bytes, now it has ${sizeBytes}`);
}

/** Puts back what was taken out of a transcript. What others appended since, where that is allowed, stays at its end. */
export async function putBackTranscript(undo: TranscriptUndo, left: Left, tools: Tools): Promise<PutBack> {
  const { path, stored } = undo;
  const seen = lookAt(path);
  if (!seen) return { because: "it is gone" };
  const file = await openTranscript(path, seen.fingerprint);
  const draftPath = draftPathFor(path);
  try {
    const source = fingerprintOfDescriptor(file.fd);
    const { sizeBytes } = source;
    const probes = takeProbes(file.fd, sizeBytes);
    const mtimeMs = sizeBytes === left.bytes ? undo.mtimeMs : source.mtimeMs;
    async function* pieces() {
      yield* storedPieces(stored, tools.signal);
      yield* readPieces(file, left.restFrom, sizeBytes);
    }
    const { uid, gid } = source;
    await tools.disk.createOf(draftPath, pieces(), { uid, gid, mode: undo.ownership.mode });
    const isStill = async () => await isStillLeft(file, sizeBytes, left);
    const replacement = { draftPath, file, source, probes, mtimeMs, mayGrow: left.mayGrow, isStill };
    const put = await replaceTranscript(undo, replacement, tools);
    if ("because" in put) return put;
    const bytesAfter = sizeOfStored(stored) + sizeBytes - left.restFrom + put.carriedBytes;
    return { detail: { bytesBefore: sizeBytes, bytesAfter } };
  } finally {
    await file.close();
    if (lookAt(draftPath)) tools.disk.remove(draftPath); // gone, when it got the transcript's name
  }
}

async function isStillLeft(file: FileHandle, sizeBytes: number, left: Left): Promise<boolean> {
  const fits = left.mayGrow ? sizeBytes >= left.bytes : sizeBytes === left.bytes;
  return fits && (await hashOf(file, 0, left.bytes)) === left.sha256;
}

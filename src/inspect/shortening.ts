import type { Settings } from "../config/settings.ts";
import type { Installation, Transcript } from "../installation/installation.ts";
import { type Cut, type CutRefusal, freesEnough } from "../structure/cut.ts";
import { type Finding, identify } from "./finding.ts";
import type { Ownership } from "./whose.ts";

type Context = { settings: Settings; signal: AbortSignal };

/** Looked up only where a cut could be made: it costs a pass over the file. */
export async function cutFor(
  transcript: Transcript,
  { settings }: Installation,
  of: { ownership: Ownership; isOversized: boolean; isNamed: boolean },
  { settings: { rotate }, signal }: Context,
): Promise<Cut | CutRefusal | undefined> {
  const { strategy } = rotate;
  const policy = of.ownership === "personal" && !of.isNamed ? (settings.claude?.personalSessions ?? "ignore") : "all";
  const isWanted = policy === "cut" || (policy === "all" && (strategy === "auto" || strategy === "cut"));
  if (!isWanted || (!of.isOversized && !of.isNamed)) return undefined;
  const { lookForCut } = await import("./cut.ts"); // an idle run cuts nothing
  return lookForCut(transcript, signal);
}

/** Every transcript of Claude Code can be told of in a short form; one of OpenClaw needs a reply that stays. */
export async function mayDigest(
  transcript: Transcript,
  cut: Cut | CutRefusal | undefined,
  isCondemned: boolean,
  { settings, signal }: Context,
): Promise<boolean> {
  if (transcript.dialect === "claude-code") return true;
  const isCut = cut !== undefined && !("refused" in cut) && freesEnough(cut, transcript.fingerprint.sizeBytes);
  if (settings.rotate.strategy === "empty" || (isCut && !isCondemned)) return false;
  return (await import("./digest.ts")).canDigest(transcript, settings, signal);
}

/**
 * What is to be said of a transcript that is too large. One of a bot is no trouble where a cut would free little, up to the hard
 * limit: that is left alone on purpose.
 *
 * @param more what else is known of it
 */
export function oversizedFinding(
  transcript: Transcript,
  ownership: Ownership,
  cut: Cut | CutRefusal | undefined,
  { rotate: { maxSize, hardLimit } }: Settings,
  more: Record<string, unknown> = {},
): Finding {
  const { sizeBytes } = transcript.fingerprint;
  const isTail = cut !== undefined && !("refused" in cut) && !freesEnough(cut, sizeBytes);
  const isBearable = isTail && sizeBytes <= hardLimit;
  return {
    kind: "oversized",
    severity: ownership === "bot" && !isBearable ? "warning" : "info",
    ...identify(transcript),
    evidence: {
      bytes: sizeBytes,
      limitBytes: maxSize,
      hardLimitBytes: hardLimit,
      ...(cut ? cutEvidence(cut) : {}),
      ...more,
    },
  };
}

function cutEvidence(cut: Cut | CutRefusal): Record<string, unknown> {
  if ("refused" in cut)
    return { cutRefused: cut.refused, ...(cut.line === undefined ? {} : { cutRefusedAtLine: cut.line }) };
  return { boundaryLine: cut.boundary.line, bytesAfterCut: cut.bytesAfter };
}

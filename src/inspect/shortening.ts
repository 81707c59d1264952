import type { Settings } from "../config/settings.ts";
import type { Installation, Transcript } from "../installation/installation.ts";
import { type Cut, type CutRefusal, freesEnough } from "../structure/cut.ts";
import { type Finding, identify } from "./finding.ts";
import { type Ownership, whoseIs } from "./whose.ts";

type Context = { settings: Settings; signal: AbortSignal };

/** True when a transcript is larger than its kind may be. Whose it is is looked up only where that decides. */
export async function isTooLarge(
  transcript: Transcript,
  installation: Installation,
  settings: Settings,
): Promise<boolean> {
  const { kind, fingerprint, dialect, entries } = transcript;
  const exceeds = (ownership: Ownership) => fingerprint.sizeBytes > sizeLimitOf(ownership, installation, settings);
  if (kind !== "file" || !exceeds("personal")) return false;
  if (exceeds("bot")) return true;
  const mayBePersonal = dialect === "claude-code" && entries.length === 0;
  return mayBePersonal && exceeds(await whoseIs(transcript).catch(() => "bot" as const)); // what can't be read is told elsewhere
}

/** In bytes. Sessions of persons that are looked after may have a lower one of their own; a higher one only spares them. */
function sizeLimitOf(ownership: Ownership, { settings: { claude } }: Installation, { rotate }: Settings): number {
  const isOwn = ownership === "personal" && claude !== null && claude.personalSessions !== "ignore";
  return isOwn ? Math.min(rotate.maxSize, claude.personalMaxSize) : rotate.maxSize;
}

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
  { installation, settings }: { installation: Installation; settings: Settings },
  more: Record<string, unknown> = {},
): Finding {
  const { hardLimit } = settings.rotate;
  const { sizeBytes } = transcript.fingerprint;
  const isTail = cut !== undefined && !("refused" in cut) && !freesEnough(cut, sizeBytes);
  const isBearable = isTail && sizeBytes <= hardLimit;
  return {
    kind: "oversized",
    severity: ownership === "bot" && !isBearable ? "warning" : "info",
    ...identify(transcript),
    evidence: {
      bytes: sizeBytes,
      limitBytes: sizeLimitOf(ownership, installation, settings),
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

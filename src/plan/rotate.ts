import type { Settings } from "../config/settings.ts";
import type { Candidate, RotationFacts } from "../inspect/rotation.ts";
import type { StaleBinding } from "../inspect/stale-bindings.ts";
import { blockedBecause, registryLocking } from "../installation/era.ts";
import type { EntryReference, Installation, Transcript } from "../installation/installation.ts";
import type { Job, Plan, Spared, Step } from "./plan.ts";
import { chooseStrategy } from "./strategy.ts";
import { mayBeNeighbours } from "./unseen.ts";

export type RotationPolicy = {
  rotate: Settings["rotate"];
  /** in use or not, whatever their size: only for sessions that were named */
  force: boolean;
  /** the gateway will be restarted when a condemned session was changed */
  mayRestart: boolean;
  /** why ages can't be trusted in this run */
  brake?: string;
};

/** Decides what becomes of each transcript that was looked at. Pure: facts and policy in, plan out. */
export function planRotation(installation: Installation, facts: RotationFacts, policy: RotationPolicy): Plan {
  const plan: Plan = { jobs: [], spared: [] };
  for (const candidate of facts.candidates) {
    const decision = decide(candidate, installation, facts, policy);
    if ("because" in decision) plan.spared.push(decision);
    else plan.jobs.push(decision);
  }
  const handled = new Set(plan.jobs.map(({ transcript }) => transcript?.path));
  for (const binding of facts.staleBindings.filter(({ transcript }) => !handled.has(transcript.path))) {
    const blocked = registryBlocked(installation, facts);
    if (blocked)
      plan.spared.push({
        because: "gateway-up",
        transcript: binding.transcript,
        detail: blocked,
        findings: [binding.finding],
      });
    else plan.jobs.push(clearStale(binding));
  }
  return plan;
}

function decide(
  candidate: Candidate,
  installation: Installation,
  facts: RotationFacts,
  policy: RotationPolicy,
): Job | Spared {
  const { transcript, findings, isCondemned, isNamed, begun } = candidate;
  const spare = (because: Spared["because"], detail?: string): Spared => ({
    because,
    transcript,
    findings,
    ...(detail ? { detail } : {}),
  });
  const force = policy.force && isNamed;
  if (candidate.unsafe) return spare("unsafe", candidate.unsafe);
  const personal = begun ? undefined : sparedAsPersonal(candidate, installation, force);
  if (personal) return spare(personal);
  if (transcript.entries.length === 0 && candidate.ownership === "bot" && !isNamed && facts.hasBrokenRegistry) {
    return spare("broken-registry");
  }
  const unseen = isNamed ? undefined : mayBeNeighbours(transcript, installation);
  if (unseen !== undefined) return spare("broken-registry", unseen);
  if (candidate.ownership === "unregistered" && transcript.dialect === "openclaw" && !begun)
    return spare("unregistered");
  const mends = isMended(candidate, policy, force);
  if (!candidate.isOversized && !isCondemned && !force && !begun && !mends)
    return spare(candidate.isUnmendable ? "unmendable" : "healthy");
  if (mends) return mend(candidate, installation, facts, policy, spare);
  if (transcript.dialect === "openclaw" && installation.openclaw?.era.era === "S") return spare("sqlite-era");
  const isSizeOnly = !isCondemned && !force && begun?.reason !== "corrupt";
  if (policy.brake && isSizeOnly) return spare("clock-stepped", policy.brake);
  const choice = begun
    ? { strategy: "empty" as const }
    : chooseStrategy(candidate, policy.rotate, isCutOnly(candidate, installation));
  if ("because" in choice) return spare(choice.because, choice.detail);
  const reason = begun?.reason === "repair" || !begun ? reasonFor(candidate) : begun.reason;
  if (choice.strategy === "cut" || (choice.strategy === "digest" && candidate.canDigest)) {
    const inTheWay = blockedBecause(transcript, installation, facts.gateway);
    if (inTheWay) return spare(inTheWay.because, inTheWay.detail);
    const quietForMs = isSizeOnly ? policy.rotate.quietFor : 0;
    return keepingJob(candidate, installation, choice.strategy, {
      reason,
      force,
      quietForMs,
      entries: registryBlocked(installation, facts) ? [] : transcript.entries,
    });
  }
  const blocked = transcript.entries.length > 0 ? registryBlocked(installation, facts) : undefined;
  if (blocked) return spare("gateway-up", blocked);
  const wait = force ? undefined : waitFor(candidate, isSizeOnly ? policy.rotate.quietFor : 0);
  return {
    transcript,
    findings,
    force,
    needsRestart: isCondemned || begun?.needsRestart === true,
    prunes: candidate.prunable.otherwise,
    ...(wait ? { wait } : {}),
    steps: emptyingSteps(candidate, installation, reason),
  };
}

/**
 * The session goes on under its id, so its entry leads to it as before; OpenClaw's also counts what it held. A cut of Claude
 * Code's disturbs nobody who appends.
 */
function keepingJob(
  candidate: Candidate,
  installation: Installation,
  strategy: "cut" | "digest",
  {
    reason,
    force,
    quietForMs,
    entries,
  }: { reason: "corrupt" | "size" | "manual"; force: boolean; quietForMs: number; entries: readonly EntryReference[] },
): Job {
  const { transcript, findings, isCondemned, prunable, cut } = candidate;
  const known = strategy === "cut" && cut && !("refused" in cut) ? cut : undefined;
  const isShared = strategy === "cut" && transcript.dialect === "claude-code";
  const wait = force || isShared ? undefined : waitFor(candidate, quietForMs);
  return {
    transcript,
    findings,
    force,
    needsRestart: isCondemned,
    prunes: strategy === "cut" ? prunable.byCut : prunable.otherwise,
    ...(wait ? { wait } : {}),
    steps: [
      {
        kind: "archive-transcript",
        transcript,
        reason,
        purpose: strategy,
        ...(known ? { bytes: known.archivedTo } : {}),
      },
      ...noteStep(transcript, installation),
      ...(transcript.dialect === "openclaw" && registryOf(installation) !== "never" ? entries : []).map(
        (entry): Step => ({ kind: "edit-registry", transcript, entry, change: "drop-counters" }),
      ),
      strategy === "cut"
        ? { kind: "cut-transcript", transcript, ...(known ? { bytesAfter: known.bytesAfter } : {}) }
        : { kind: "digest-transcript", transcript },
    ],
  };
}

function noteStep(transcript: Transcript, installation: Installation): Step[] {
  const template = installation.settings.memoryNote;
  if (template === null) return [];
  return [{ kind: "append-note", transcript, template: mayWriteHome(installation) ? template : null }];
}

function reasonFor({ isCondemned, isOversized }: Candidate): "corrupt" | "size" | "manual" {
  return isCondemned ? "corrupt" : isOversized ? "size" : "manual";
}

/**
 * A condemned session is mended where that can be done, and taken back to its last accepted state where nothing in it is
 * seen to be broken; if that was tried already, it is given up. Damage alone is mended, and nothing else is done for it. So is
 * one that is too large, as long as damage may be what stands against a cut: the next run looks at its size again.
 */
function isMended(
  { isCondemned, mendable, canRewind, begun }: Candidate,
  { rotate }: RotationPolicy,
  force: boolean,
): boolean {
  if (force || begun) return false;
  if (!isCondemned) return mendable.length > 0;
  return rotate.strategy !== "empty" && (mendable.length > 0 || canRewind);
}

function mend(
  candidate: Candidate,
  installation: Installation,
  { gateway }: RotationFacts,
  { rotate, mayRestart }: RotationPolicy,
  spare: (because: Spared["because"], detail?: string) => Spared,
): Job | Spared {
  const { transcript, isCondemned, findings } = candidate;
  const blocked = blockedBecause(transcript, installation, gateway);
  if (blocked) return spare(blocked.because, blocked.detail);
  const isRewind = candidate.mendable.length === 0;
  // the gateway's child of a broken session may stay as long as somebody writes to it, so waiting for it could take for ever
  const isEnded = isCondemned && mayRestart && transcript.dialect === "claude-code";
  const wait = isEnded ? candidate.inUseAfterRestart : waitFor(candidate, isCondemned ? 0 : rotate.quietFor);
  return {
    transcript,
    findings: isCondemned ? findings : candidate.mendable,
    force: false,
    needsRestart: isCondemned,
    prunes: candidate.prunable.byRepair,
    ...(wait ? { wait } : {}),
    steps: [
      { kind: "archive-transcript", transcript, reason: isRewind ? "corrupt" : "repair", purpose: "repair" },
      { kind: "repair-transcript", transcript, ...(isRewind ? { rewind: true } : {}) },
    ],
  };
}

/**
 * Copy, note, forget, and only then shorten: a stop in between leaves a spare archive or a fresh start, never a gap.
 * OpenClaw's own transcript is removed rather than emptied, because it takes an empty one for damage; its entry gets a
 * fresh start first.
 */
function emptyingSteps(
  { transcript }: Candidate,
  installation: Installation,
  reason: "corrupt" | "size" | "manual",
): Step[] {
  const isClaude = transcript.dialect === "claude-code";
  const purpose = isClaude ? "empty" : "remove";
  const steps: Step[] = [
    { kind: "archive-transcript", transcript, reason, purpose },
    ...noteStep(transcript, installation),
  ];
  const change = isClaude ? "clear-binding" : "fresh-start";
  if (!isClaude || registryOf(installation) !== "never") {
    for (const entry of transcript.entries) steps.push({ kind: "edit-registry", transcript, entry, change });
  }
  steps.push({ kind: isClaude ? "empty-transcript" : "remove-transcript", transcript });
  return steps;
}

function clearStale({ transcript, entry, finding, inUse }: StaleBinding): Job {
  const steps: Step[] = [{ kind: "edit-registry", transcript, entry, change: "clear-binding" }];
  return {
    transcript,
    findings: [finding],
    steps,
    force: false,
    needsRestart: false,
    prunes: [],
    ...(inUse ? { wait: inUse } : {}),
  };
}

function sparedAsPersonal(
  { ownership, transcript, isNamed }: Candidate,
  { settings }: Installation,
  force: boolean,
): Spared["because"] | undefined {
  if (ownership !== "personal" || isNamed || force) return undefined;
  const policy = settings.claude?.personalSessions ?? "ignore";
  if (policy === "ignore") return "personal";
  const isBelow = transcript.fingerprint.sizeBytes <= (settings.claude?.personalMaxSize ?? 0);
  return isBelow ? "personal-below-limit" : undefined;
}

/** A personal session that nobody named, in an installation whose owner allows cuts and nothing else. */
function isCutOnly({ ownership, isNamed }: Candidate, { settings }: Installation): boolean {
  return ownership === "personal" && !isNamed && settings.claude?.personalSessions === "cut";
}

/** Why the registry can't be edited now; undefined when it can, or when there is nothing to protect. */
function registryBlocked(installation: Installation, { gateway }: RotationFacts): string | undefined {
  return registryOf(installation) === "gateway-down" && gateway?.state !== "down" ? gateway?.because : undefined;
}

/** A home of SQLite sessions, or of a layout that we don't know, is left exactly as it is: the note then lies elsewhere. */
export function mayWriteHome({ openclaw, registries }: Installation): boolean {
  if (!openclaw) return true;
  return openclaw.era.era !== "S" && (openclaw.config.path !== null || registries.length > 0);
}

function registryOf({ openclaw }: Installation): "locked" | "gateway-down" | "never" {
  return openclaw ? registryLocking(openclaw.era.era) : "never";
}

function waitFor({ inUse, quietForMs }: Candidate, quietLimitMs: number): string | undefined {
  if (inUse) return inUse;
  return quietForMs < quietLimitMs
    ? `it was written to ${Math.max(0, Math.round(quietForMs / 1000))} s ago`
    : undefined;
}

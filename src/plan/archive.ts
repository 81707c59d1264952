import type { ArchiveFacts } from "../inspect/archive.ts";
import type { IdleSession } from "../inspect/idle.ts";
import type { SeenLeftover } from "../inspect/leftovers.ts";
import type { SweepAhead } from "../inspect/sweep.ts";
import { blockedBecause, registryLocking } from "../installation/era.ts";
import type { EntryReference, Installation, Transcript } from "../installation/installation.ts";
import { prunesItself } from "../installation/pruning.ts";
import { isErrand, readSessionKey, type SessionKind } from "../registry/session-key.ts";
import { throughGateway } from "./gateway-request.ts";
import type { Job, Plan, RegistryChange, Spared, Step } from "./plan.ts";
import { mayBeNeighbours } from "./unseen.ts";

/** `brake`: in words, why ages can't be trusted in this run. */
export type ArchivePolicy = { brake?: string };

/** Decides what becomes of idle sessions, of leftovers and of what the vendor's sweep will take. Pure. */
export function planArchive(installation: Installation, facts: ArchiveFacts, { brake }: ArchivePolicy): Plan {
  const plan: Plan = { jobs: [], spared: [] };
  const take = (decisions: readonly (Job | Spared)[]) => {
    for (const decision of decisions) {
      if ("because" in decision) plan.spared.push(decision);
      else plan.jobs.push(decision);
    }
  };
  for (const session of facts.idle) take(decideIdle(session, installation, facts, brake));
  const leaving = leavingBy(plan.jobs);
  for (const ahead of facts.sweep) {
    const job = leaving.get(ahead.transcript.path);
    if (job)
      job.findings.push(ahead.finding); // the archive of a session that goes is the copy
    else take([decideSweep(ahead, brake)]);
  }
  for (const leftover of facts.leftovers) take([decideLeftover(leftover, installation, brake)]);
  return plan;
}

/** The jobs that take a transcript away in this run, by its path. */
function leavingBy(jobs: readonly Job[]): Map<string, Job> {
  const removals = jobs
    .filter(({ wait }) => wait === undefined)
    .flatMap((job) =>
      job.steps.flatMap((step) => (step.kind === "remove-transcript" ? [[step.transcript.path, job] as const] : [])),
    );
  return new Map(removals);
}

/** Of several transcripts of one conversation each is told of, and all have one fate. */
function decideIdle(
  session: IdleSession,
  installation: Installation,
  facts: ArchiveFacts,
  brake: string | undefined,
): (Job | Spared)[] {
  const { transcripts, findings, entries, inUse } = session;
  const spare = (obstacle: Omit<Spared, "findings">) =>
    transcripts.map((transcript, index) => ({ ...obstacle, transcript, findings: findings.slice(index, index + 1) }));
  const obstacle = obstacleTo(session, installation, brake, facts);
  if (obstacle) return spare(obstacle);
  const [transcript] = transcripts;
  const job: Job = {
    transcript,
    findings: [...findings],
    force: false,
    prunes: [],
    needsRestart: false,
    isBatched: true,
    ...(inUse ? { wait: inUse } : {}),
    steps: [
      ...transcripts.map(
        (one): Step => ({
          kind: "archive-transcript",
          transcript: one,
          reason: "idle",
          purpose: "remove",
          withSidecars: true,
        }),
      ),
      ...entries.map(
        (entry): Step => ({
          kind: "edit-registry",
          transcript: ownerOf(entry, transcripts),
          entry,
          change: changeFor(entry),
        }),
      ),
      ...transcripts.map((one): Step => ({ kind: "remove-transcript", transcript: one })),
    ],
  };
  const blocked = gatewayInTheWay(session, installation, facts);
  if (blocked === undefined) return [job];
  const decision = throughGateway(job, facts.offer, { because: "idle-gateway-up", detail: blocked, findings: [] });
  return "because" in decision ? spare(decision) : [decision];
}

function obstacleTo(
  { transcripts, ownership, entries, isPinned, isReferenced, unsafe }: IdleSession,
  installation: Installation,
  brake: string | undefined,
  { hasBrokenRegistry }: ArchiveFacts,
): Pick<Spared, "because" | "detail"> | undefined {
  const { openclaw } = installation;
  if (unsafe) return { because: "unsafe", detail: unsafe };
  if (brake) return { because: "clock-stepped", detail: brake };
  if (isPinned) return { because: "pinned" };
  // of several registries, one that is not used any more may name it
  const isAnyEntry = openclaw?.config.storeUnknown !== undefined;
  if (hasBrokenRegistry && (entries.length === 0 || isAnyEntry)) return { because: "broken-registry" };
  const unseen = transcripts.map((one) => mayBeNeighbours(one, installation)).find((of) => of !== undefined);
  if (unseen !== undefined) return { because: "broken-registry", detail: unseen };
  if (isReferenced) return { because: "referenced" };
  if (!openclaw) return undefined;
  // what binds a session of Claude Code stands in the database, and could not be cleared
  if (openclaw.era.era === "S" && ownership === "bot") return { because: "sqlite-era" };
  // groups and channels are exempt from that
  if (entries.some(({ entry }) => kindOf(entry) !== "group") && prunesItself(openclaw.config))
    return { because: "prunes-itself" };
  return undefined;
}

/** In words: why neither its entry nor its transcript can be written now; undefined when they can. */
function gatewayInTheWay(
  { transcripts, entries }: IdleSession,
  installation: Installation,
  { gateway }: ArchiveFacts,
): string | undefined {
  const { openclaw } = installation;
  const isBlocked =
    (openclaw &&
      entries.length > 0 &&
      registryLocking(openclaw.era.era) === "gateway-down" &&
      gateway?.state !== "down") ||
    transcripts.some((transcript) => blockedBecause(transcript, installation, gateway));
  return isBlocked ? (gateway?.because ?? "a gateway may run") : undefined;
}

function changeFor({ entry }: EntryReference): RegistryChange {
  return isErrand(kindOf(entry)) ? "remove-entry" : "fresh-start";
}

function kindOf({ key, chatType }: EntryReference["entry"]): SessionKind {
  return readSessionKey(key, { chatType }).kind;
}

function ownerOf(reference: EntryReference, transcripts: readonly [Transcript, ...Transcript[]]): Transcript {
  return transcripts.find(({ entries }) => entries.includes(reference)) ?? transcripts[0];
}

/** A copy disturbs nobody, so it does not matter who uses the session. */
function decideSweep({ transcript, finding, unsafe }: SweepAhead, brake: string | undefined): Job | Spared {
  if (unsafe) return { because: "unsafe", detail: unsafe, transcript, findings: [finding] };
  if (brake) return { because: "clock-stepped", detail: brake, transcript, findings: [finding] };
  return {
    transcript,
    findings: [finding],
    force: false,
    prunes: [],
    needsRestart: false,
    steps: [{ kind: "archive-transcript", transcript, reason: "sweep", purpose: "copy", withSidecars: true }],
  };
}

function decideLeftover(
  { leftover, transcript, finding, isNeeded, unsafe, inUse }: SeenLeftover,
  installation: Installation,
  brake: string | undefined,
): Job | Spared {
  const { rule, path } = leftover;
  const spare = (because: Spared["because"], detail?: string): Spared => ({
    because,
    path,
    findings: [finding],
    ...(detail ? { detail } : {}),
  });
  if (rule === "unknown") return spare("unknown-name");
  if (unsafe) return spare("unsafe", unsafe);
  if (brake) return spare("clock-stepped", brake);
  if (isNeeded) return spare("recovery-source");
  // the gateway deletes these some time later, so that until then its search finds them; a copy is all that is missing
  const isCopied = (rule === "deleted" || rule === "reset") && prunesItself(installation.openclaw?.config);
  return {
    transcript,
    findings: [finding],
    force: false,
    prunes: [],
    needsRestart: false,
    ...(inUse ? { wait: inUse } : {}),
    steps: [
      { kind: "archive-transcript", transcript, reason: "leftover", purpose: isCopied ? "copy" : "remove" },
      ...(isCopied ? [] : [{ kind: "remove-leftover", transcript, rule } satisfies Step]),
    ],
  };
}

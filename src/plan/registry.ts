import type { PeerSession } from "../inspect/agents-of-peers.ts";
import type { CheckedEntry } from "../inspect/check-entries.ts";
import type { Finding } from "../inspect/finding.ts";
import type { Orphan } from "../inspect/orphans.ts";
import type { BrokenRegistry, RegistryFacts } from "../inspect/registry.ts";
import { registryLocking } from "../installation/era.ts";
import type { EntryReference, Installation, Transcript } from "../installation/installation.ts";
import { isErrand } from "../registry/session-key.ts";
import type { EntryEdit, Job, Plan, RegistryChange, Spared, SparedReason, Step } from "./plan.ts";
import { blockedBecause } from "./repair.ts";

/** `newId`, `nowMs`: for entries that are made anew. `brake`: in words, why ages can't be trusted in this run. */
export type RegistryPolicy = {
  repair: boolean;
  resolveStrays: boolean;
  newId: () => string;
  nowMs: number;
  brake?: string;
};

/** Decides what of a registry is put right. Pure: facts and policy in, plan out. */
export function planRegistryRepair(installation: Installation, facts: RegistryFacts, policy: RegistryPolicy): Plan {
  const plan: Plan = { jobs: [], spared: [] };
  if (!policy.repair) return plan;
  const blocked = gatewayInTheWay(installation, facts);
  const take = (decision: Job | Spared | undefined) => {
    if (decision && "because" in decision) plan.spared.push(decision);
    else if (decision) plan.jobs.push(decision);
  };
  const unless = (path: string, findings: Finding[], job: Job | Spared, transcript?: Transcript): Job | Spared =>
    blocked === undefined || "because" in job
      ? job
      : { because: "registry-gateway-up", path, detail: blocked, findings, ...(transcript ? { transcript } : {}) };
  for (const broken of facts.broken) {
    const { path } = broken.registry;
    take(unless(path, [broken.finding], restore(broken, policy)));
  }
  const moved = policy.resolveStrays ? strayedSessions(facts) : [];
  for (const entry of facts.entries) {
    const job = moved.some(({ session }) => isOf(session, entry)) ? undefined : mend(entry, policy);
    if (job) take(unless(entry.reference.registryPath, job.findings, job));
  }
  for (const orphan of facts.orphans) {
    const { transcript, finding } = orphan;
    take(unless(transcript.path, [finding], register(orphan, policy), transcript));
  }
  if (!policy.resolveStrays) {
    for (const { finding } of [...facts.strays, ...facts.duplicates])
      take({ because: "routed-elsewhere", path: finding.path ?? "", findings: [finding] });
    return plan;
  }
  for (const { session, findings } of moved) {
    // what is wrong in an entry is right once the entry is gone
    const own = facts.entries.filter((entry) => isOf(session, entry)).flatMap(repairedFindings);
    const all = [...findings, ...own];
    take(unless(session.reference.registryPath, all, retire(session, all, installation, facts)));
  }
  return plan;
}

function jobOf(findings: Finding[], steps: Step[], wait?: string): Job {
  return { findings, steps, force: false, prunes: [], needsRestart: false, ...(wait ? { wait } : {}) };
}

/** In words: why no registry can be written now; undefined when they can. */
function gatewayInTheWay({ openclaw }: Installation, { gateway }: RegistryFacts): string | undefined {
  if (!openclaw || registryLocking(openclaw.era.era) !== "gateway-down" || gateway?.state === "down") return undefined;
  return gateway?.because ?? "a gateway may run";
}

function restore(broken: BrokenRegistry, { brake }: RegistryPolicy): Job | Spared {
  const { registry, finding, unsafe, sha256 } = broken;
  const spare = (because: SparedReason, detail: string): Spared => ({
    ...{ because, detail, path: registry.path, findings: [finding] },
  });
  if (unsafe) return spare("unsafe", unsafe);
  // of transcripts alone it is told by their age that they are none that are being born
  const isByAge = sha256 === undefined && broken.restored.entries.every(({ origin }) => origin === "transcript");
  if (brake && isByAge) return spare("clock-stepped", brake);
  return jobOf([finding], [{ kind: "restore-registry", broken }]);
}

function mend(entry: CheckedEntry, { newId, nowMs, brake }: RegistryPolicy): Job | Spared | undefined {
  const { reference, change, seen, sessionKind, isObject, inUse } = entry;
  if (!change) return undefined;
  const findings = repairedFindings(entry);
  // a session that is being born has no transcript yet
  if (brake && change.kind === "lost" && isObject)
    return { because: "clock-stepped", detail: brake, path: reference.registryPath, findings };
  const step = (how: RegistryChange, edit: EntryEdit): Step => ({
    kind: "edit-registry",
    transcript: noTranscript(reference),
    entry: reference,
    change: how,
    edit: { seen, ...edit },
  });
  const steps = {
    mend: () => step("mend-entry", change.kind === "mend" ? mendingOf(change) : {}),
    "clear-binding": () => step("clear-binding", change.kind === "clear-binding" ? { forget: change.forget } : {}),
    lost: () => {
      if (isErrand(sessionKind)) return step("remove-entry", {});
      if (isObject) return step("fresh-start", {});
      return step("replace-entry", {
        text: JSON.stringify({ sessionId: newId(), updatedAt: nowMs, systemSent: false }),
      });
    },
  };
  return { ...jobOf(findings, [steps[change.kind]()], inUse), isBatched: true };
}

function mendingOf({
  remove,
  set,
  forget,
}: {
  remove: string[];
  set: Record<string, string>;
  forget?: string[];
}): EntryEdit {
  return { remove, set, ...(forget ? { forget } : {}) };
}

function repairedFindings({ findings }: CheckedEntry): Finding[] {
  return findings.filter(({ evidence }) => evidence.repair !== undefined);
}

/** An entry without a transcript is still about a session: its place is the registry. */
function noTranscript(reference: EntryReference): Transcript {
  return {
    dialect: "openclaw",
    path: reference.registryPath,
    sessionId: reference.entry.sessionId ?? "",
    group: reference.agent,
    kind: "file",
    fingerprint: { device: -1, inode: -1, sizeBytes: 0, mtimeMs: 0, mode: 0, uid: 0, gid: 0, links: 1 },
    entries: [reference],
    inWorkspace: false,
  };
}

function register(orphan: Orphan, { brake }: RegistryPolicy): Job | Spared {
  const { transcript, registry, agent, finding, isOld, derived, unsafe, inUse } = orphan;
  if (brake) return { because: "clock-stepped", detail: brake, transcript, findings: [finding] };
  if (unsafe) return { because: "unsafe", transcript, detail: unsafe, findings: [finding] };
  if (isOld) return { because: "old-orphan", transcript, findings: [finding] };
  if (!derived)
    return { because: "unsafe", transcript, detail: "nothing in it gives it an id or a time", findings: [finding] };
  const entry = { key: derived.key, sessionId: derived.sessionId, bindings: [], pinned: false };
  const step: Step = {
    kind: "edit-registry",
    transcript,
    entry: { agent, registryPath: registry.path, entry },
    change: "add-entry",
    edit: { text: JSON.stringify(derived.entry) },
  };
  return { ...jobOf([finding], [step], inUse), transcript, isBatched: true };
}

type Strayed = { session: PeerSession; findings: Finding[] };

/** Sessions that lie with an agent who does not get their messages, each once. */
function strayedSessions({ strays, duplicates }: RegistryFacts): Strayed[] {
  const found = new Map<string, Strayed>();
  const add = (session: PeerSession, finding: Finding) => {
    const name = `${session.reference.registryPath} ${session.key}`;
    const known = found.get(name);
    if (known) known.findings.push(finding);
    else found.set(name, { session, findings: [finding] });
  };
  for (const { session, finding } of strays) add(session, finding);
  for (const { sessions, wanted, finding } of duplicates) {
    if (wanted === undefined) continue;
    for (const session of sessions) if (session.agent !== wanted) add(session, finding);
  }
  return [...found.values()];
}

/** Its history goes into the archive, and its entry goes: the agent that gets the messages begins, or goes on with its own. */
function retire(
  session: PeerSession,
  findings: Finding[],
  installation: Installation,
  { gateway }: RegistryFacts,
): Job | Spared {
  const { reference, seen } = session;
  const transcript = installation.transcripts.find(
    ({ dialect, entries }) =>
      dialect === "openclaw" &&
      entries.some(
        ({ registryPath, entry }) => registryPath === reference.registryPath && entry.key === reference.entry.key,
      ),
  );
  const edit: Step = {
    kind: "edit-registry",
    transcript: transcript ?? noTranscript(reference),
    entry: reference,
    change: "remove-entry",
    edit: { seen },
  };
  if (!transcript) return { ...jobOf(findings, [edit]), isBatched: true };
  const isShared = transcript.entries.length > 1;
  const blocked = blockedBecause(transcript, installation, gateway);
  if (blocked) return { because: "registry-gateway-up", transcript, detail: blocked.detail ?? "", findings };
  const steps: Step[] = [
    {
      kind: "archive-transcript",
      transcript,
      reason: "manual",
      purpose: isShared ? "copy" : "remove",
      withSidecars: true,
    },
    edit,
    ...(isShared ? [] : [{ kind: "remove-transcript", transcript } satisfies Step]),
  ];
  return { ...jobOf(findings, steps, session.inUse), transcript, isBatched: true };
}

function isOf({ reference }: PeerSession, entry: CheckedEntry): boolean {
  return reference.registryPath === entry.reference.registryPath && reference.entry.key === entry.reference.entry.key;
}

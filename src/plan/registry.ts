import type { PeerSession } from "../inspect/agents-of-peers.ts";
import type { CheckedEntry } from "../inspect/check-entries.ts";
import type { Finding } from "../inspect/finding.ts";
import type { Orphan } from "../inspect/orphans.ts";
import type { BrokenRegistry, RegistryFacts } from "../inspect/registry.ts";
import { registryLocking } from "../installation/era.ts";
import type { Installation, Transcript } from "../installation/installation.ts";
import { isErrand } from "../registry/session-key.ts";
import { throughGateway } from "./gateway-request.ts";
import type { EntryEdit, Job, Plan, RegistryChange, Spared, SparedReason, Step } from "./plan.ts";
import { noTranscript, registryJob } from "./registry-job.ts";
import { clearAway, planStrays } from "./strays.ts";

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
  const unless = (path: string, findings: Finding[], job: Job | Spared, transcript?: Transcript): Job | Spared => {
    if (blocked === undefined || "because" in job) return job;
    const about = transcript ? { transcript } : {};
    return throughGateway(job, facts.offer, {
      because: "registry-gateway-up",
      path,
      detail: blocked,
      findings,
      ...about,
    });
  };
  for (const broken of facts.broken) {
    const { path } = broken.registry;
    take(unless(path, [broken.finding], restore(broken, policy)));
  }
  const strays = policy.resolveStrays ? planStrays(installation, facts, policy.brake) : [];
  const leaving = strays.filter(({ decision }) => !("because" in decision));
  for (const entry of facts.entries) {
    if (leaving.some(({ session }) => isOf(session, entry))) continue;
    const job = mend(entry, policy);
    if (job) take(unless(entry.reference.registryPath, job.findings, job));
    take(keep(entry));
  }
  for (const orphan of facts.orphans) {
    const { transcript, finding } = orphan;
    take(unless(transcript.path, [finding], register(orphan, policy), transcript));
  }
  if (!policy.resolveStrays) {
    for (const { finding } of [...facts.strays, ...facts.duplicates, ...facts.remains])
      take({ because: "routed-elsewhere", path: finding.path ?? "", findings: [finding] });
    return plan;
  }
  for (const { session, findings, decision } of strays)
    take(unless(session.reference.registryPath, findings, decision));
  for (const left of facts.remains) take(unless(left.transcript.path, [left.finding], clearAway(left)));
  return plan;
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
  return registryJob([finding], [{ kind: "restore-registry", broken }]);
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
  return { ...registryJob(findings, [steps[change.kind]()], inUse), isBatched: true };
}

function keep({ kept, reference }: CheckedEntry): Spared | undefined {
  if (!kept) return undefined;
  const detail = `without this field it would forget ${kept.file}: move that into the sessions folder and correct the path, or take the field out by hand`;
  return { because: "unsafe", detail, path: reference.registryPath, findings: [kept.finding] };
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
  return { ...registryJob([finding], [step], inUse), transcript, isBatched: true };
}

function isOf({ reference }: PeerSession, entry: CheckedEntry): boolean {
  return reference.registryPath === entry.reference.registryPath && reference.entry.key === entry.reference.entry.key;
}

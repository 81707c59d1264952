import type { CorruptionFacts, Patient } from "../inspect/corruption.ts";
import { blockedBecause } from "../installation/era.ts";
import type { Installation } from "../installation/installation.ts";
import type { Job, Plan, Spared } from "./plan.ts";

export type RepairPolicy = {
  quietForMs: number;
  /** the person named these very files */
  areNamed: boolean;
};

/** Decides which transcripts are mended. Pure: facts and policy in, plan out. */
export function planRepair(installation: Installation, facts: CorruptionFacts, policy: RepairPolicy): Plan {
  const plan: Plan = { jobs: [], spared: [] };
  for (const patient of facts.patients) {
    const decision = decide(patient, installation, facts, policy);
    if ("because" in decision) plan.spared.push(decision);
    else plan.jobs.push(decision);
  }
  return plan;
}

function decide(
  patient: Patient,
  installation: Installation,
  { gateway, hasBrokenRegistry }: CorruptionFacts,
  policy: RepairPolicy,
): Job | Spared {
  const { transcript, ownership, mendable: findings } = patient;
  const spare = (because: Spared["because"], detail?: string): Spared => ({
    because,
    transcript,
    findings,
    ...(detail ? { detail } : {}),
  });
  if (patient.unsafe) return spare("unsafe", patient.unsafe);
  if (ownership === "personal" && !policy.areNamed) {
    const personal = installation.settings.claude?.personalSessions ?? "ignore";
    if (personal === "ignore") return spare("personal-damaged");
  }
  if (ownership === "bot" && transcript.entries.length === 0 && !policy.areNamed && hasBrokenRegistry)
    return spare("broken-registry");
  const blocked = blockedBecause(transcript, installation, gateway);
  if (blocked) return spare(blocked.because, blocked.detail);
  const wait = waitFor(patient, policy.quietForMs);
  return { ...repairJob(patient), ...(wait ? { wait } : {}) };
}

function waitFor({ inUse, quietForMs }: Patient, quietLimitMs: number): string | undefined {
  if (inUse) return inUse;
  return quietForMs < quietLimitMs
    ? `it was written to ${Math.max(0, Math.round(quietForMs / 1000))} s ago`
    : undefined;
}

/** The steps that mend a transcript, whoever asks for it. */
function repairJob({ transcript, mendable }: Pick<Patient, "transcript" | "mendable">): Job {
  return {
    transcript,
    findings: mendable,
    steps: [
      { kind: "archive-transcript", transcript, reason: "repair", purpose: "repair" },
      { kind: "repair-transcript", transcript },
    ],
    force: false,
    prunes: [],
    needsRestart: false,
  };
}

import type { CorruptionFacts, Patient } from "../inspect/corruption.ts";
import { evictsForeignOwners } from "../installation/era.ts";
import type { GatewayState } from "../installation/gateway.ts";
import type { Installation, Transcript } from "../installation/installation.ts";
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

/** Why a transcript must not be rewritten now; undefined when it may be, or when it belongs to no gateway. */
export function blockedBecause(
  { dialect, path }: Transcript,
  { openclaw }: Installation,
  gateway: GatewayState | null,
): { because: "sqlite-era" | "gateway-up"; detail?: string } | undefined {
  if (dialect !== "openclaw" || !openclaw || !path.startsWith(`${openclaw.home}/`)) return undefined;
  const { era } = openclaw.era;
  if (era === "S") return { because: "sqlite-era" };
  // such a gateway takes the lock from us in the middle of our work
  if (evictsForeignOwners(era) && gateway?.state !== "down")
    return { because: "gateway-up", ...(gateway ? { detail: gateway.because } : {}) };
  return undefined;
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

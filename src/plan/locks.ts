import type { SeenLock } from "../inspect/lock-finding.ts";
import type { LockFacts } from "../inspect/locks.ts";
import type { Job, Plan, Spared } from "./plan.ts";

/** `force`: every lock goes, whoever holds it. `brake`: in words, why the clock can't be trusted in this run. */
export type LockPolicy = { force: boolean; brake?: string };

/** Decides which locks go. Pure: facts and policy in, plan out. */
export function planLocks({ locks }: Pick<LockFacts, "locks">, policy: LockPolicy): Plan {
  const plan: Plan = { jobs: [], spared: [] };
  for (const lock of locks) {
    const decision = decide(lock, policy);
    if (decision === "remove") plan.jobs.push(removal(lock, policy.force));
    else if (decision) plan.spared.push(decision);
  }
  return plan;
}

/** Undefined: it stays, and there is nothing that a person should do about it. */
function decide(lock: SeenLock, { force, brake }: LockPolicy): "remove" | Spared | undefined {
  const { file, verdict, finding } = lock;
  const spare = (because: Spared["because"], detail?: string): Spared => ({
    because,
    path: file.path,
    findings: [finding],
    ...(detail === undefined ? {} : { detail }),
  });
  if (lock.isMoved) return spare("sqlite-era");
  if (file.kind === "folder" && file.isEmpty === false) return spare("filled-lock-directory");
  if (file.kind === "large") return spare("large-lock");
  if (force) return "remove";
  if (verdict.state === "stale") {
    return brake && verdict.byClock ? spare("clock-stepped", brake) : "remove";
  }
  if (lock.isOverdue) return spare("overdue-lock");
  return finding.kind === "held-lock" ? undefined : spare("undecidable-lock");
}

function removal(lock: SeenLock, force: boolean): Job {
  return {
    findings: [lock.finding],
    steps: [{ kind: "remove-lock", lock }],
    force,
    prunes: [],
    needsRestart: false,
  };
}

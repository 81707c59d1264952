import { isSameLock, readLock } from "../locks/lock-file.ts";
import { removeSeen } from "../locks/remove-seen.ts";
import type { Step } from "../plan/plan.ts";
import type { Outcome } from "./outcome.ts";
import type { Tools } from "./tools.ts";

type RemoveLockStep = Extract<Step, { kind: "remove-lock" }>;

/** Removes a lock, if it still is the one that was judged. One that was taken anew meanwhile is somebody's, and stays. */
export async function removeLock(
  step: RemoveLockStep,
  { disk, foreignPids }: Pick<Tools, "disk" | "foreignPids">,
): Promise<Outcome> {
  const { file, verdict } = step.lock;
  const now = readLock(file.path);
  if (!now) return { step, result: "already-done", because: "it is gone already", detail: {} };
  if (!isSameLock(file, now) || !(await removeSeen(disk, file, { foreignPids }))) {
    const because =
      now.kind === "folder" && now.isEmpty !== true
        ? "something lies in it, so it stays"
        : "it was taken anew in the meantime, and stays";
    return { step, result: "changed-since-plan", because, detail: {} };
  }
  const { pid } = file.payload;
  const { sizeBytes } = file.fingerprint;
  return {
    step,
    result: "done",
    detail: {
      lock: verdict.because,
      ageMs: Math.round(verdict.ageMs),
      bytes: file.kind === "folder" ? 0 : sizeBytes,
      ...(pid === undefined ? {} : { pid }),
    },
  };
}

import { dirname } from "node:path";
import { ownershipOf } from "../disk/disk.ts";
import { isUnchanged, lookAt } from "../disk/fingerprint.ts";
import { KeeperError } from "../errors.ts";
import type { Step } from "../plan/plan.ts";
import { storedBytesOf } from "./left.ts";
import type { Outcome } from "./outcome.ts";
import type { Progress, Tools } from "./tools.ts";

type RemoveStep = Extract<Step, { kind: "remove-leftover" }>;

/** Removes a leftover that is archived and that nobody changed since. No program writes to such a file any more. */
export async function removeLeftover(step: RemoveStep, { archived }: Progress, { disk }: Tools): Promise<Outcome> {
  const { path, sessionId, dialect } = step.transcript;
  if (!archived) throw new KeeperError("failed", `${path} has no archive`, "it was left as it is");
  const { source } = archived;
  if (!isUnchanged(source, lookAt(path)?.fingerprint) || archived.bytes !== source.sizeBytes)
    return { step, result: "changed-since-plan", because: "it was changed in the meantime", detail: {} };
  disk.remove(path);
  disk.syncFolder(dirname(path));
  return {
    step,
    result: "done",
    detail: { bytesBefore: source.sizeBytes, bytesAfter: 0 },
    undo: {
      ...{ path, sessionId, dialect },
      stored: [storedBytesOf(archived)],
      left: "nothing",
      mtimeMs: source.mtimeMs,
      ownership: ownershipOf(source),
    },
  };
}

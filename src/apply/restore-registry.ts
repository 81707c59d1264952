import { readFileSync } from "node:fs";
import { lookAt } from "../disk/fingerprint.ts";
import { sha256Of } from "../disk/sha256.ts";
import type { Step } from "../plan/plan.ts";
import type { Registry } from "../registry/read.ts";
import type { Outcome } from "./outcome.ts";
import { backUpRegistry, pruneBackups } from "./registry-backup.ts";
import type { Tools } from "./tools.ts";
import { draftOf, putRegistry, writeUnderLock } from "./write-registry.ts";

type RestoreStep = Extract<Step, { kind: "restore-registry" }>;

/**
 * Puts a registry in place that was made of what could be saved of a broken one and of its copies. The broken one's bytes are
 * copied beside first. The text is written before the lock is taken; under it, only what is there is compared with what was
 * looked at.
 */
export async function restoreRegistry(step: RestoreStep, tools: Tools): Promise<Outcome> {
  const { registry, restored, sha256 } = step.broken;
  const { path } = registry;
  const seen = lookAt(path);
  const changed: Outcome = {
    step,
    result: "changed-since-plan",
    because: "the registry was written to in the meantime",
    detail: { registry: path },
  };
  if (seen?.kind !== "file") return changed;
  const before: Registry = { path, text: "", fingerprint: seen.fingerprint, entries: [], corrupt: 0 };
  const draft = draftOf(tools.disk, before, restored.text);
  if (!draft) return changed;
  try {
    const written = await writeUnderLock(path, tools, () => {
      const bytes = readFileSync(path);
      if (sha256Of(bytes) !== sha256) return undefined;
      const backup = backUpRegistry(path, bytes, tools);
      if (putRegistry(tools.disk, before, draft)) return backup;
      tools.disk.remove(backup);
      return undefined;
    });
    if ("busy" in written) return { step, result: "busy", because: written.busy, detail: { registry: path } };
    const { result: backup, holdMs } = written;
    if (backup === undefined) return changed;
    pruneBackups(path, tools);
    return {
      step,
      result: "done",
      detail: {
        registry: path,
        change: "restore",
        backup,
        entries: restored.entries.length,
        lost: restored.lost.length,
        ...(holdMs === undefined ? {} : { holdMs }),
      },
      undo: { registry: path, backup, before: sha256, after: sha256Of(restored.text) },
    };
  } finally {
    draft.discard();
  }
}

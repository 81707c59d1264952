import { readFileSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { lookAt } from "../disk/fingerprint.ts";
import { draftPathFor } from "../disk/left-behind.ts";
import { sha256Of } from "../disk/sha256.ts";
import { errnoOf } from "../errors.ts";
import type { Step } from "../plan/plan.ts";
import type { Registry } from "../registry/read.ts";
import type { Outcome } from "./outcome.ts";
import { backUpRegistry, pruneBackups } from "./registry-backup.ts";
import type { Tools } from "./tools.ts";
import { draftOf, putRegistry, writeUnderLock } from "./write-registry.ts";

type RestoreStep = Extract<Step, { kind: "restore-registry" }>;

/** What became of it under the lock. `backup`: of the broken one's bytes; null where there was none. */
type Put = { backup: string | null };

/**
 * Puts a registry in place that was made of what could be saved of a broken one and of its copies; a broken one's bytes are
 * copied beside first. The text is written before the lock is taken; under it, only what is there is compared with what was
 * looked at.
 */
export async function restoreRegistry(step: RestoreStep, tools: Tools): Promise<Outcome> {
  const { registry, restored, sha256 } = step.broken;
  const { path } = registry;
  const detail = { registry: path };
  const prepared =
    sha256 === undefined ? prepareNew(path, restored.text, tools) : prepare(path, sha256, restored.text, tools);
  if (!prepared) return changed(step);
  try {
    const written = await writeUnderLock(path, tools, prepared.put);
    if ("busy" in written) return { step, result: "busy", because: written.busy, detail };
    const { result: put, holdMs, wasOurs } = written;
    if (!put) return changed(step);
    const after = sha256Of(restored.text);
    if (!wasOurs && hashAt(path) !== after)
      return { step, result: "busy", because: "the gateway took its lock back and wrote over it", detail };
    if (put.backup) pruneBackups(path, tools);
    return {
      step,
      result: "done",
      detail: {
        ...detail,
        change: "restore",
        ...(put.backup ? { backup: put.backup } : {}),
        entries: restored.entries.length,
        lost: restored.lost.length,
        ...(holdMs === undefined ? {} : { holdMs }),
      },
      undo: { registry: path, backup: put.backup, before: sha256 ?? null, after },
    };
  } finally {
    prepared.discard();
  }
}

function hashAt(path: string): string | undefined {
  return lookAt(path)?.kind === "file" ? sha256Of(readFileSync(path)) : undefined;
}

function changed(step: RestoreStep): Outcome {
  const because = "the registry was written to in the meantime";
  return { step, result: "changed-since-plan", because, detail: { registry: step.broken.registry.path } };
}

/** `put` tells nothing, and changes nothing, when the registry is not what was looked at any more. */
type Prepared = { put: () => Put | undefined; discard: () => void };

/** Writes beside a broken registry what is to take its place. */
function prepare(path: string, sha256: string, text: string, tools: Tools): Prepared | undefined {
  const seen = lookAt(path);
  if (seen?.kind !== "file") return undefined;
  const before: Registry = { path, text: "", fingerprint: seen.fingerprint, entries: [], corrupt: 0 };
  const draft = draftOf(tools.disk, before, text);
  if (!draft) return undefined;
  const put = () => {
    const bytes = readFileSync(path);
    if (sha256Of(bytes) !== sha256) return undefined;
    const backup = backUpRegistry(path, bytes, tools);
    if (putRegistry(tools.disk, before, draft)) return { backup };
    tools.disk.remove(backup);
    return undefined;
  };
  return { put, discard: draft.discard };
}

/** The same where there is none: the new one belongs to whom its folder belongs, and only its owner reads it, as gateways make it. */
function prepareNew(path: string, text: string, { disk }: Tools): Prepared {
  const { uid, gid } = statSync(dirname(path));
  const draft = draftPathFor(path);
  disk.createWith(draft, text, { uid, gid, mode: 0o600 });
  const put = () => {
    try {
      disk.link(draft, path); // replaces nothing
    } catch (error) {
      if (errnoOf(error) === "EEXIST") return undefined;
      throw error;
    }
    disk.syncFolder(dirname(path));
    return { backup: null };
  };
  const discard = () => {
    if (lookAt(draft)) disk.remove(draft);
  };
  return { put, discard };
}

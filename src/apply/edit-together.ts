import { isUnchanged, lookAt } from "../disk/fingerprint.ts";
import { type RegistryFiles, withRegistryFiles } from "../registry/registry-file.ts";
import { comesIn } from "./entry-change.ts";
import { obstaclesTo } from "./entry-obstacle.ts";
import type { EditStep } from "./entry-undo.ts";
import type { Outcome } from "./outcome.ts";
import { backsUp, type PreparedEdit, prepareEdit } from "./prepare-edit.ts";
import { reasonOf } from "./reason.ts";
import { pruneBackups } from "./registry-backup.ts";
import type { Tools } from "./tools.ts";
import { type Prepared, writePrepared } from "./write-prepared.ts";
import { hashOfText } from "./write-registry.ts";

/**
 * Changes many entries of a registry in one write under one lock: a registry of thousands of entries is large, and to write
 * it anew for each would take hours. An entry that somebody changed since it was looked at stays as it is.
 *
 * Entries that move from one registry to another are changed in both at once, under the locks of both: they are in the new one
 * before they leave the old one.
 *
 * @param steps all of the same registry, or of the same two
 * @returns an outcome for each step, in their order
 */
export async function editTogether(steps: readonly EditStep[], tools: Tools): Promise<Outcome[]> {
  const paths = inOrder(steps);
  if (paths.length === 0) return [];
  const keys = new Set(
    steps.flatMap(({ entry, edit }) => [entry.entry.key, ...(edit?.from ? [edit.from.entry.key] : [])]),
  );
  const written = await writePrepared(paths, tools, () =>
    withRegistryFiles(paths, keys, (files) => prepareUnlessWritten(files, steps, tools)),
  );
  if ("busy" in written)
    return steps.map((step) => ({
      ...{ step, result: "busy", because: written.busy },
      detail: { registry: step.entry.registryPath },
    }));
  const { result, wasOurs, holdMs } = written;
  if (backsUp(tools)) for (const path of paths) pruneBackups(path, tools);
  const outcomes = withHold(result, holdMs);
  return wasOurs ? outcomes : withRegistryFiles(paths, keys, (files) => verify(outcomes, files));
}

/** The registries, first those that entries come into: an entry that moves is never in none. */
function inOrder(steps: readonly EditStep[]): string[] {
  const into = steps.filter(({ change }) => comesIn(change));
  return [...new Set([...into, ...steps].map(({ entry }) => entry.registryPath))];
}

/** What is written in place while it is read looks broken; it is read anew then. */
function prepareUnlessWritten(files: RegistryFiles, steps: readonly EditStep[], tools: Tools): Prepared<Outcome[]> {
  try {
    return prepare(files, steps, tools);
  } catch (error) {
    const isWritten = [...files.values()].some(
      (file) => file && !isUnchanged(file.fingerprint, lookAt(file.path)?.fingerprint),
    );
    if (!isWritten) throw error;
    return { put: () => undefined, discard: () => undefined };
  }
}

function prepare(files: RegistryFiles, steps: readonly EditStep[], tools: Tools): Prepared<Outcome[]> {
  const obstacles = obstaclesTo(steps, files);
  const edits = new Map<string, PreparedEdit>();
  const discard = () => {
    for (const edit of edits.values()) edit.discard();
  };
  try {
    for (const path of files.keys()) {
      const own = steps.filter((step) => step.entry.registryPath === path && !obstacles.has(step));
      edits.set(path, prepareEdit(path, own, files, tools));
    }
  } catch (error) {
    discard();
    throw error;
  }
  const outcomeOf = (
    step: EditStep,
    isPut: boolean,
    failure?: Pick<Outcome, "result" | "because" | "hint">,
  ): Outcome => {
    const { registryPath, entry } = step.entry;
    const { undoes, backup } = edits.get(registryPath) ?? {};
    const detail = { registry: registryPath, sessionKey: entry.key, change: step.change };
    const obstacle = obstacles.get(step);
    if (obstacle) return { step, ...obstacle, detail };
    if (!isPut)
      return {
        ...(failure ?? { result: "busy", because: "the registry was written to in that moment" }),
        step,
        detail,
      };
    const undo = undoes?.get(entry.key);
    return { step, result: "done", ...(undo ? { undo } : {}), detail: { ...detail, ...(backup ? { backup } : {}) } };
  };
  const put = () => {
    const done = new Set<string>();
    let failure: Pick<Outcome, "result" | "because" | "hint"> | undefined;
    for (const [path, edit] of edits) {
      try {
        if (!edit.put()) break;
      } catch (error) {
        if (done.size === 0) throw error;
        failure = { result: "failed", because: reasonOf(error), hint: "the next run takes it out" };
        break;
      }
      done.add(path);
    }
    const isPut = ({ entry }: EditStep) => done.has(entry.registryPath);
    return done.size === 0 ? undefined : steps.map((step) => outcomeOf(step, isPut(step), failure));
  };
  return { put, discard };
}

function withHold(outcomes: Outcome[], holdMs: number | undefined): Outcome[] {
  if (holdMs === undefined) return outcomes;
  return outcomes.map((outcome) =>
    outcome.result === "done" ? { ...outcome, detail: { ...outcome.detail, holdMs } } : outcome,
  );
}

/** Where the locks were not ours to the end, the gateway may have written over the edit with what it had read before. */
function verify(outcomes: Outcome[], files: RegistryFiles): Outcome[] {
  return outcomes.map((outcome) => {
    const { entry } = outcome.step as EditStep;
    const now = files.get(entry.registryPath)?.textOf(entry.entry.key);
    const expected = outcome.undo && "after" in outcome.undo ? outcome.undo.after : hashOfText(undefined);
    return outcome.result === "done" && hashOfText(now) !== expected
      ? { ...outcome, result: "busy", because: "the gateway took its lock back and wrote over the edit" }
      : outcome;
  });
}

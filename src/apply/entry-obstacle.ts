import { basename } from "node:path";
import { KeeperError } from "../errors.ts";
import { asObject } from "../registry/bindings.ts";
import { describeEntry, type RegistryEntry, readRegistry } from "../registry/read.ts";
import type { RegistryFile, RegistryFiles } from "../registry/registry-file.ts";
import { comesIn } from "./entry-change.ts";
import type { EditStep } from "./entry-undo.ts";
import type { Outcome } from "./outcome.ts";
import { hashOfText } from "./write-registry.ts";

type Obstacle = Pick<Outcome, "result" | "because">;

/**
 * What keeps entries from being changed, by step. Where an entry cannot go out of one registry, it does not come into the other.
 *
 * @param files opened for the keys of these steps
 * @throws KeeperError `failed` where a registry is missing or broken, unless sessions only move into one that is to be made: an
 *   entry that nobody can see is not gone
 */
export function obstaclesTo(steps: readonly EditStep[], files: RegistryFiles): Map<EditStep, Obstacle> {
  for (const [path, file] of files) if (!file) expectNew(path, steps);
  const own = new Map<EditStep, Obstacle>();
  const keys = new Map<string, ReadonlySet<string>>();
  const keysIn = (path: string) => {
    const known = keys.get(path) ?? new Set(Array.from(files.get(path)?.names ?? [], (name) => name.toLowerCase()));
    keys.set(path, known);
    return known;
  };
  for (const step of steps) {
    const { registryPath, entry } = step.entry;
    const isTaken = () => keysIn(registryPath).has(entry.key.toLowerCase());
    const obstacle = comesIn(step.change) ? obstacleToNew(isTaken()) : obstacleTo(step, files.get(registryPath));
    if (obstacle) own.set(step, obstacle);
  }
  const obstacles = new Map(own);
  for (const step of steps) {
    if (!isMove(step)) continue;
    const other = steps.find((one) => areOneMove(step, one) || areOneMove(one, step));
    const obstacle = own.get(step) ?? (other && own.get(other));
    if (obstacle) obstacles.set(step, obstacle);
  }
  return obstacles;
}

function expectNew(path: string, steps: readonly EditStep[]): void {
  const own = steps.filter(({ entry }) => entry.registryPath === path);
  const { problem } = readRegistry(path);
  if (problem === "missing" && own.every(({ change }) => change === "move-in")) return;
  throw new KeeperError(
    "failed",
    `the registry ${path} is ${problem ?? "not what it was a moment ago"}`,
    "it was not changed, and the sessions were left as they are; session-keeper validate-registry --repair restores it",
  );
}

function isMove({ change }: EditStep): boolean {
  return change === "move-in" || change === "move-out";
}

function areOneMove(into: EditStep, out: EditStep): boolean {
  return into.change === "move-in" && out.change === "move-out" && into.edit?.from === out.entry;
}

/** @param isTaken the gateway matches keys whatever their case */
function obstacleToNew(isTaken: boolean): Obstacle | undefined {
  return isTaken ? { result: "changed-since-plan", because: "an entry of that name came in the meantime" } : undefined;
}

function obstacleTo(step: EditStep, file: RegistryFile | undefined): Obstacle | undefined {
  const { key, sessionId, updatedAt } = step.entry.entry;
  const changed = { result: "changed-since-plan", because: "its registry entry was changed in the meantime" } as const;
  const text = file?.textOf(key);
  if (text === undefined)
    return step.change === "move-out" ? changed : { result: "already-done", because: "the entry is gone" };
  if (step.edit?.seen !== undefined) return hashOfText(text) === step.edit.seen ? undefined : changed;
  const now = describeEntry(key, asObject(JSON.parse(text)));
  if (now.sessionId === sessionId) return now.updatedAt !== updatedAt || now.pinned ? changed : undefined;
  // a reset in the chat gives another session id and keeps the binding
  return stillLeads(step, now)
    ? changed
    : { result: "already-done", because: "the entry does not name the session any more" };
}

/** Whether an entry leads to any session that it led to when it was looked at, by whichever of its fields. */
function stillLeads({ entry: { entry }, transcript }: EditStep, now: RegistryEntry): boolean {
  const before = [...namesIn(entry), transcript.sessionId];
  // the file of a topic is called after its session: <id>-topic-<number>.jsonl
  return namesIn(now).some((name) => before.some((one) => name === one || name.startsWith(`${one}-topic-`)));
}

function namesIn({ sessionId, sessionFile, bindings }: RegistryEntry): string[] {
  const bound = bindings.map((binding) => binding.sessionId);
  return [sessionId, sessionFile && basename(sessionFile, ".jsonl"), ...bound].filter((name) => name !== undefined);
}

import { placesIn } from "../registry/places.ts";
import type { Registry } from "../registry/read.ts";
import { comesIn } from "./entry-change.ts";
import type { EditStep } from "./entry-undo.ts";
import type { Outcome } from "./outcome.ts";
import { hashOfText } from "./write-registry.ts";

/** The entries of a registry by key. `lowerCase`: the gateway matches keys whatever their case. */
type Known = {
  texts: ReadonlyMap<string, string>;
  entries: ReadonlyMap<string, Registry["entries"][number]>;
  lowerCase: ReadonlySet<string>;
};

type Obstacle = Pick<Outcome, "result" | "because">;

/** What keeps entries from being changed, by step. Where an entry cannot go out of one registry, it does not come into the other. */
export function obstaclesTo(steps: readonly EditStep[], registries: readonly Registry[]): Map<EditStep, Obstacle> {
  const known = new Map(registries.map((registry) => [registry.path, knownOf(registry)]));
  const own = new Map<EditStep, Obstacle>();
  for (const step of steps) {
    const there = known.get(step.entry.registryPath);
    const obstacle = there && obstacleTo(step, there);
    if (obstacle) own.set(step, obstacle);
  }
  const obstacles = new Map(own);
  for (const step of steps) {
    const other = steps.find((one) => areOneMove(step, one) || areOneMove(one, step));
    const obstacle = own.get(step) ?? (other && own.get(other));
    if (obstacle) obstacles.set(step, obstacle);
  }
  return obstacles;
}

function areOneMove(into: EditStep, out: EditStep): boolean {
  return into.change === "move-in" && out.change === "move-out" && into.edit?.from === out.entry;
}

function knownOf(registry: Registry): Known {
  const { text, entries, problem } = registry;
  const places = problem ? [] : placesIn(registry);
  return {
    texts: new Map(places.map((one) => [one.name, text.slice(one.valueAt, one.valueEnd)])),
    entries: new Map(entries.map((entry) => [entry.key, entry])),
    lowerCase: new Set(entries.map(({ key }) => key.toLowerCase())),
  };
}

function obstacleTo(step: EditStep, known: Known): Obstacle | undefined {
  const { key, sessionId, updatedAt } = step.entry.entry;
  const changed = { result: "changed-since-plan", because: "its registry entry was changed in the meantime" } as const;
  const text = known.texts.get(key);
  if (comesIn(step.change))
    return text === undefined && !known.lowerCase.has(key.toLowerCase())
      ? undefined
      : { result: "changed-since-plan", because: "an entry of that name came in the meantime" };
  if (text === undefined)
    return step.change === "move-out" ? changed : { result: "already-done", because: "the entry is gone" };
  if (step.edit?.seen !== undefined) return hashOfText(text) === step.edit.seen ? undefined : changed;
  const now = known.entries.get(key);
  if (now?.sessionId !== sessionId)
    return { result: "already-done", because: "the entry does not name the session any more" };
  return now?.updatedAt !== updatedAt || now?.pinned ? changed : undefined;
}

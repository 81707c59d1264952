import type { JournalEvent } from "../state/journal.ts";
import { targetOf } from "./plan.ts";
import { readUndoData } from "./read-data.ts";

/**
 * What the journal tells of the things that a run changed, by what `targetOf` calls them. `undone`: put back already.
 * `laterRuns`: the last of the later runs that changed it and were not undone since: its change has to be put back first.
 */
export type History = { undone: ReadonlySet<string>; laterRuns: ReadonlyMap<string, string> };

/** Reads the journal once for all that a run did: it can hold hundreds of thousands of lines. Pure. */
export function historyOf(events: readonly JournalEvent[], runId: string): History {
  const from = events.findLastIndex((event) => event.runId === runId);
  const undone = new Set<string>();
  const later = new Map<string, string[]>();
  for (const [index, { event, result, undo, undoes, target, runId: by }] of events.entries()) {
    if (event !== "end" || result !== "done") continue;
    if (undoes === runId && typeof target === "string") undone.add(target);
    if (index <= from) continue;
    const data = readUndoData(undo);
    if (data) later.set(targetOf(data), [...(later.get(targetOf(data)) ?? []), by]);
    if (typeof undoes !== "string" || typeof target !== "string") continue;
    const runs = later.get(target) ?? [];
    const place = runs.lastIndexOf(undoes);
    if (place >= 0) runs.splice(place, 1);
  }
  const laterRuns = [...later].flatMap(([target, runs]): [string, string][] => {
    const last = runs.at(-1);
    return last === undefined ? [] : [[target, last]];
  });
  return { undone, laterRuns: new Map(laterRuns) };
}

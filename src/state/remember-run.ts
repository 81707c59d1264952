import type { InstallationState } from "./state.ts";

/** What a run did, by kind of action. `at`: epoch ms. */
type Deeds = { at: number; runId: string; did: Record<string, number> };

/** The last run of a command. `open`: findings above info that it left. `changed`: the last one that did anything. */
export type RunMark = { at: number; open: number; failed: number; changed?: Deeds };

/** As much of a report as is remembered of it. */
type Told = {
  findings: readonly { kind: string; severity: string; resolved: boolean; path?: string; sessionKey?: string }[];
  actions: readonly { kind: string; result: string }[];
};

/** By what trouble is known again in a later run, of whichever command. */
function nameOfTrouble({ kind, path, sessionKey }: Told["findings"][number]): string {
  return [kind, path, sessionKey].join(" ");
}

/** The state with a mark of this run: when, what it did, and since when the trouble that it left has been there. Pure. */
export function rememberRun(
  state: InstallationState,
  { command, runId, atMs }: { command: string; runId: string; atMs: number },
  { findings, actions }: Told,
): InstallationState {
  const open = findings.filter(({ severity, resolved }) => severity !== "info" && !resolved);
  const did: Record<string, number> = {};
  for (const { kind, result } of actions) if (result === "done") did[kind] = (did[kind] ?? 0) + 1;
  const failed = actions.filter(({ result }) => result === "failed").length;
  const before = state.runs[command]?.changed;
  const changed = Object.keys(did).length > 0 ? { at: atMs, runId, did } : before;
  const mine = `${command} `;
  const others = Object.entries(state.since).filter(([name]) => !name.startsWith(mine));
  const names = open.map((finding) => mine + nameOfTrouble(finding));
  return {
    ...state,
    runs: { ...state.runs, [command]: { at: atMs, open: open.length, failed, ...(changed ? { changed } : {}) } },
    since: Object.fromEntries([...others, ...names.map((name) => [name, state.since[name] ?? atMs] as const)]),
  };
}

/** Since when (epoch ms) some trouble has been there, whichever command saw it first; undefined when none did. */
export function seenSince(state: InstallationState, finding: Told["findings"][number]): number | undefined {
  const name = nameOfTrouble(finding);
  const times = Object.entries(state.since).flatMap(([known, at]) =>
    known.slice(known.indexOf(" ") + 1) === name ? at : [],
  );
  return times.length > 0 ? Math.min(...times) : undefined;
}

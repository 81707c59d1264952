import { listLosses } from "./damage-wording.ts";
import type { ReportedAction, ReportedFailure, ReportedFinding, ReportedSpared } from "./document.ts";

/** What broke or failed; `subject` tells it apart from others. */
type Told = { subject: string; path?: string; sessionId?: string; sessionKey?: string; kinds: readonly string[] };

/** All that an alert tells: what became of an incident (`since`: epoch ms), and what its run found and did about it. */
export type AlertFacts = {
  kind: "corruption" | "failure" | "repair";
  state: "open" | "over" | "mended";
  isAgain: boolean;
  /** null: the run as a whole */
  installation: string | null;
  since: number;
  troubles: readonly Told[];
  host: string;
  command: string;
  findings: readonly ReportedFinding[];
  actions: readonly ReportedAction[];
  spared: readonly ReportedSpared[];
  failure: ReportedFailure | undefined;
  undo: string | null;
  /** the options that lead a further command to the same homes */
  places: string;
};

/** So many sessions are told one by one, and so many things of each. */
const MOST_TROUBLES = 5;
const MOST_LINES = 4;

/** An alert in words: one line that says it all, and the lines below it. */
export function wordAlert(facts: AlertFacts): { title: string; text: string } {
  const { installation, host, troubles, findings, actions, state } = facts;
  const who = installation === null ? `session-keeper on ${host}` : `${installation} on ${host}`;
  const told = troubles.slice(0, MOST_TROUBLES);
  const subjects = new Set(troubles.map(({ subject }) => subject));
  const isElsewhere = (one: About) => !subjects.has(subjectOf(one) ?? "");
  const lines = [
    ...told.flatMap((trouble) => troubleLines(trouble, facts)),
    ...(troubles.length > told.length ? [`and ${troubles.length - told.length} more`] : []),
    ...few(findings.filter(isElsewhere).map(wordFinding), "found"),
    ...few(actions.filter(isElsewhere).map(wordDeed)),
    ...(facts.failure ? [`failed: ${facts.failure.message}`] : []),
    ...facts.spared.filter(({ because }) => because in NOT_RESTARTED).map(({ message }) => `left: ${message}`),
    ...(state === "over" ? [`it was found ${timeOf(facts.since)}`] : []),
    ...lossLines(facts),
    ...(facts.undo === null ? [] : [`undo: ${facts.undo}`]),
    `next: ${next(facts)}`,
  ];
  return { title: `${who}: ${headline(facts)}`, text: lines.join("\n") };
}

type About = { path?: string; sessionKey?: string; sessionId?: string; kind?: string };

function headline({ kind, state, isAgain, troubles, actions, command }: AlertFacts): string {
  const [one, many] = nouns(troubles);
  const what = troubles.length === 1 ? `${article(one)} ${one}` : `${troubles.length} ${many}`;
  const [is, was] = troubles.length === 1 ? ["is", "was"] : ["are", "were"];
  if (kind === "failure") {
    if (state === "over") return `${command} works again`;
    return isAgain ? `${command} still fails` : `${command} failed`;
  }
  if (kind === "repair" || troubles.length === 0) {
    const isRestart = actions.every((action) => action.kind === "restart-gateway");
    return isRestart ? "the gateway was restarted" : "something broken was put right";
  }
  if (state === "mended") return `${what} broke and ${was} put right`;
  if (state === "over") return `${what} ${is} in order again`;
  return `${what} ${is} ${isAgain ? "still " : ""}broken`;
}

function nouns(troubles: readonly Told[]): [one: string, many: string] {
  const areAll = (kind: string) => troubles.length > 0 && troubles.every(({ kinds }) => kinds.includes(kind));
  if (areAll("broken-registry")) return ["registry", "registries"];
  return areAll("unverified-archive") ? ["archive", "archives"] : ["session", "sessions"];
}

function article(noun: string): string {
  return noun === "archive" ? "an" : "a";
}

function troubleLines(trouble: Told, { findings, actions }: AlertFacts): string[] {
  const { subject, path, sessionId, sessionKey, kinds } = trouble;
  const isMine = (one: About) => subjectOf(one) === subject;
  const names = [sessionKey, sessionId].filter((name) => name !== undefined);
  const found = findings.filter(isMine);
  return [
    ...(names.length > 0 ? [`session: ${names.join(", ")}`] : []),
    ...(path === undefined ? [] : [`file: ${path}`]),
    ...(found.length > 0 ? few(found.map(wordFinding), "found") : [`what: ${kinds.join(", ")}`]),
    ...few(actions.filter(isMine).map(wordDeed)),
  ];
}

function subjectOf({ path, sessionKey, sessionId, kind }: About): string | undefined {
  return path ?? sessionKey ?? sessionId ?? kind;
}

function wordFinding({ message, kind, line }: ReportedFinding): string {
  return `${line === undefined ? "" : `line ${line}: `}${message} (${kind})`;
}

function wordDeed({ message, result }: ReportedAction): string {
  if (result === "failed") return `failed: ${message}`;
  return `${result === "done" || result === "already-done" ? "done" : "waits"}: ${message}`;
}

/** The first few of them, those that say the same once. */
function few(texts: readonly string[], label?: string): string[] {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  const lines = [...counts].map(([text, count]) => {
    const told = count === 1 ? text : `${text}, ${count} times`;
    return label === undefined ? told : `${label}: ${told}`;
  });
  const rest = lines.length - MOST_LINES;
  return rest > 0 ? [...lines.slice(0, MOST_LINES), `and ${rest} more`] : lines;
}

/** What a repair took out for good, and where the originals are. */
function lossLines({ actions }: AlertFacts): string[] {
  const done = actions.filter(({ result }) => result === "done");
  const changed = done.filter(({ kind, detail }) => CHANGES.has(kind) || detail?.change === "restore");
  if (changed.length === 0) return [];
  const entries = changed.reduce((sum, { detail }) => sum + (typeof detail?.lost === "number" ? detail.lost : 0), 0);
  const losses = [
    ...listLosses(changed.map(({ detail }) => detail?.lost)),
    ...(entries > 0 ? [`parts of ${entries} registry ${entries === 1 ? "entry" : "entries"}`] : []),
  ];
  const archives = done.flatMap(({ detail }) => (typeof detail?.archive === "string" ? detail.archive : []));
  return [`lost: ${losses.join(", ") || "nothing"}`, ...few([...new Set(archives)], "the original")];
}

const CHANGES: ReadonlySet<string> = new Set<ReportedAction["kind"]>([
  "repair-transcript",
  "digest-transcript",
  "empty-transcript",
  "remove-transcript",
]);

function next({ kind, state, command, findings, actions, spared, failure, places }: AlertFacts): string {
  if (state !== "open") {
    const missing = spared.flatMap(({ because }) => NOT_RESTARTED[because] ?? [])[0];
    return `${missing ?? "nothing has to be done"}; the next run of ${command} looks again`;
  }
  const hint = failure?.hint ?? actions.find((action) => action.result === "failed" && action.hint)?.hint;
  if (hint !== undefined) return hint;
  const [left] = spared;
  if (left) return left.message;
  if (kind === "failure" || actions.some(({ result }) => result === "busy" || result === "changed-since-plan"))
    return `the next run of ${command} tries again`;
  if (findings.some((finding) => finding.kind === "broken-registry"))
    return `to restore it from what is left and its copies: session-keeper validate-registry --repair${places}`;
  if (findings.some(({ evidence: { repair } }) => repair && repair !== "none"))
    return `to mend it, with the original kept: session-keeper detect-corruption --repair${places}`;
  return `the next run of ${command} looks again`;
}

/** Why a gateway was not restarted after a repair that asks for it, and what that leaves to a person. */
export const NOT_RESTARTED: Partial<Record<ReportedSpared["because"], string>> = {
  "no-restart-command": "restart the gateway by hand, so that it takes up what was put right",
  "restart-limit": "look at the gateway: its sessions break again and again",
};

function timeOf(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/** What became of an alert itself. `missing`: who did not take it yet, and why. */
export function wordNotified(title: string, to: readonly string[], missing: readonly string[]): string {
  if (missing.length === 0) return `told ${to.join(" and ")}: ${title}`;
  return `an alert waits for the next run, because ${missing.join(" and ")}: ${title}`;
}

/** A warning: what happened, and that nothing is lost. */
export function wordUndelivered(because: string, waiting: number): string {
  const what = waiting === 1 ? "an alert was" : `${waiting} alerts were`;
  return `${what} not delivered, because ${because}; nothing is lost, the next run tries again`;
}

/** The last line of an alert after a time in which none got through. */
export function wordDropped(count: number): string {
  return `before this, ${count} ${count === 1 ? "alert" : "alerts"} could not be delivered and ${count === 1 ? "was" : "were"} let go; restore list and the journal tell what was done`;
}

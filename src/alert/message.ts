import { type AlertFacts, NOT_RESTARTED, wordAlert } from "../report/alert-wording.ts";
import type { InstallationReport, ReportDocument } from "../report/document.ts";
import { canUndo } from "../report/lasting.ts";
import type { IncidentKind, Transition } from "./incident.ts";
import { maskKey, maskText } from "./mask.ts";
import { isRepair } from "./observe.ts";

/** An alert as it leaves the host: plain text for people, the rest for machines. Of peers only masked ids. */
export type Message = {
  schemaVersion: 1;
  tool: "session-keeper";
  /** the same for all alerts of one incident */
  incident: string;
  kind: IncidentKind;
  state: Transition["state"];
  host: string;
  /** null: the run as a whole */
  installation: string | null;
  command: string;
  runId: string;
  /** ISO times: of this alert, and of when the incident began */
  at: string;
  since: string;
  title: string;
  text: string;
  /** kinds */
  findings: string[];
  sessions: { sessionKey?: string; sessionId?: string; path?: string }[];
  counts: { findings: number; sessions: number; done: number; failed: number };
  /** the command line that puts back what the run changed; null: there is nothing to put back */
  undo: string | null;
};

type Run = Pick<ReportDocument, "host" | "command" | "runId" | "error">;

/**
 * Makes an alert of what became of an incident. `places`: the options that lead a further command to the same homes.
 * `others`: for the one alert of an installation that tells of the rest that was put right, too: what its other alerts are about.
 */
export function composeMessage(
  transition: Transition,
  run: Run,
  report: InstallationReport | undefined,
  { places, nowMs, others }: { places: string; nowMs: number; others?: ReadonlySet<string> },
): Message {
  const { kind, state, installation, since, troubles } = transition;
  const subjects = new Set(troubles.map(({ subject }) => subject));
  const isAbout = (one: About) => namesOf(one).some((name) => subjects.has(name));
  const isElsewhere = (one: About) => namesOf(one).some((name) => others?.has(name));
  const all = (report?.actions ?? []).filter((action) => action.kind !== "notify");
  const tellsRest = others !== undefined && (kind === "repair" || state !== "open");
  const rest = tellsRest ? all.filter((action) => isRepair(action) && !isElsewhere(action)) : [];
  const repaired = new Set(rest.flatMap(({ path }) => path ?? []));
  const actions = all.filter(
    (action) => isAbout(action) || rest.includes(action) || (action.path !== undefined && repaired.has(action.path)),
  );
  const findings = (report?.findings ?? []).filter(isAbout);
  const facts: AlertFacts = {
    ...{ ...transition, host: run.host, command: run.command, findings, actions },
    spared: (report?.spared ?? []).filter((one) => isAbout(one) || (tellsRest && one.because in NOT_RESTARTED)),
    failure: installation === null ? run.error : subjects.has("installation") ? report?.failure : undefined,
    undo: canUndo(actions) ? `session-keeper restore undo ${run.runId}${places}` : null,
    places,
  };
  const keys = [...troubles, ...findings, ...actions].flatMap(({ sessionKey }) => sessionKey ?? []);
  const { title, text } = wordAlert(facts);
  return {
    ...{ schemaVersion: 1, tool: "session-keeper", incident: transition.incidentId, kind, state },
    ...{ host: run.host, installation, command: run.command, runId: run.runId },
    ...{ at: new Date(nowMs).toISOString(), since: new Date(since).toISOString() },
    title: maskText(title, keys),
    text: maskText(text, keys),
    findings: [...new Set([...troubles.flatMap(({ kinds }) => kinds), ...findings.map((finding) => finding.kind)])],
    sessions: troubles.flatMap((trouble) =>
      trouble.path || trouble.sessionId || trouble.sessionKey ? [named(trouble)] : [],
    ),
    counts: {
      findings: findings.length,
      sessions: new Set(troubles.flatMap(({ sessionId }) => sessionId ?? [])).size,
      done: actions.filter(({ result }) => result === "done").length,
      failed: actions.filter(({ result }) => result === "failed").length,
    },
    undo: facts.undo,
  };
}

type About = { path?: string; sessionKey?: string; sessionId?: string; kind?: string };

/** What something is about; a thing that is about nothing else goes by its kind. */
function namesOf({ path, sessionKey, sessionId, kind }: About): string[] {
  const names = [path, sessionKey, sessionId].filter((name) => name !== undefined);
  return names.length > 0 ? names : [kind ?? ""];
}

function named({ path, sessionId, sessionKey }: About): Message["sessions"][number] {
  return {
    ...(sessionKey ? { sessionKey: maskKey(sessionKey) } : {}),
    ...(sessionId ? { sessionId } : {}),
    ...(path ? { path } : {}),
  };
}

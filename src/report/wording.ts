import type { Outcome } from "../apply/outcome.ts";
import { formatSize } from "../config/units.ts";
import type { Finding, FindingKind } from "../inspect/finding.ts";
import type { RegistryChange, Spared, SparedReason, Step, StepKind } from "../plan/plan.ts";
import type { DamageKind } from "../structure/damage.ts";
import { ARCHIVE_FINDINGS, growth, SPARED_BY_ARCHIVE } from "./archive-wording.ts";
import { isDamage, wordDamage, wordLosses } from "./damage-wording.ts";
import { wordRequests } from "./gateway-wording.ts";
import { LOCK_FINDINGS, SPARED_LOCKS } from "./lock-wording.ts";
import { REGISTRY_FINDINGS, REGISTRY_REPAIRS, SPARED_IN_REGISTRY, wordRestoration } from "./registry-wording.ts";
import { wordStray, wordUnmovable } from "./stray-wording.ts";
import { wordNotUndone } from "./undo-wording.ts";

type Evidence = Record<string, unknown>;

/** Every sentence about a finding. They tell facts: numbers, ids, times; never what a session or a log line says. */
const FINDINGS = {
  oversized: (e) => `${size(e.bytes)}, larger than ${size(e.limitBytes)}${cuttable(e)}${growth(e)}`,
  "rejection-logged": (e) =>
    e.witness ? witnessed(e) : `${lines(e)} that the API rejects ${e.condemns ? "it" : "a conversation"}${placing(e)}`,
  "crash-logged": (e) => (e.passing ? passing(e) : `${lines(e)} that Claude Code ended with an error${placing(e)}`),
  "lock-timeout-logged": (e) => `${lines(e)} that a session's lock was waited for in vain`,
  "session-missing-logged": (e) =>
    `${lines(e)} that a session to be resumed is not there: a registry may bind one that is gone`,
  "repair-logged": (e) =>
    `${lines(e)} that a program mended a session's file or lock by itself, or left out what it could not read`,
  ...LOCK_FINDINGS,
  "stale-binding": (e) =>
    `the registry binds a Claude Code session that ${e.isGone ? "is not there" : "holds no rows"}, so resuming it fails`,
  ...REGISTRY_FINDINGS,
  "sqlite-era": () =>
    "this OpenClaw keeps its sessions in SQLite: nothing under its home is written; Claude Code's files are still looked after",
  "unknown-era": () =>
    "nothing tells which OpenClaw wrote this home, so the strictest rules hold; set openclaw.version in the configuration",
  "clock-stepped": (e) => `${e.because}: whatever depends on ages waits for a run that finds the clock steady`,
  ...ARCHIVE_FINDINGS,
  "unverified-archive": (e) => String(e.problem),
  "missing-archive": (e) =>
    `the history goes back to ${e.archive}, which is not there any more: what is given begins behind it`,
  "damaged-catalog": catalog,
  "not-undone": wordNotUndone,
  unreadable: (e) => `cannot be read: ${e.message}`,
} satisfies Record<Exclude<FindingKind, DamageKind>, (evidence: Evidence) => string>;

const REGISTRY_CHANGES: Record<Exclude<RegistryChange, "move-in" | "move-out">, { plan: string; done: string }> = {
  "clear-binding": {
    plan: "clear its binding, so that the next message starts a fresh session",
    done: "its binding is cleared",
  },
  "fresh-start": {
    plan: "give its registry entry a fresh start, as by /reset",
    done: "its registry entry has a fresh start",
  },
  ...REGISTRY_REPAIRS,
  "remove-entry": {
    plan: "take its entry out of the registry, because its errand is over",
    done: "its registry entry is gone",
  },
  "drop-counters": {
    plan: "drop the token counters of its registry entry, which count the rows that go",
    done: "its registry entry no longer counts the rows that go",
  },
};

/** What a step is called: before it is done, and after. */
const STEPS = {
  "archive-transcript": {
    plan: (s) => `archive it (reason: ${"reason" in s ? s.reason : ""})`,
    done: (_, d) => `archived ${size(d.bytes)} in ${size(d.gzipBytes)}`,
  },
  "append-note": {
    plan: () => "note for the bot's memory which files it changed",
    done: (_, d) => `noted ${d.files === 1 ? "1 changed file" : `${d.files ?? "the"} changed files`}`,
  },
  "edit-registry": {
    plan: (s) => wordEdit(s, "plan"),
    done: (s) => wordEdit(s, "done"),
  },
  "cut-transcript": {
    plan: () => "cut it at its last compaction: the conversation goes on as it is",
    done: (_, d) => `cut at line ${d.line}: ${size(d.bytesBefore)} before, ${size(d.bytesAfter)} now`,
  },
  "digest-transcript": {
    plan: () => "leave a digest of it, from which the same session goes on",
    done: (_, d) => `a digest of ${size(d.bytesAfter)} took the place of ${size(d.bytesBefore)}`,
  },
  "empty-transcript": {
    plan: () => "empty it",
    done: (_, d) => `emptied: ${size(d.bytesBefore)} before, ${size(d.bytesAfter)} now`,
  },
  "repair-transcript": {
    plan: () => "mend it, and leave every other line as it is",
    done: (_, d) => `mended; ${wordLosses(d.lost)}${d.left ? `; ${d.left} could not be mended` : ""}`,
  },
  "remove-transcript": {
    plan: () => "remove it, once it is archived",
    done: (_, d) => `removed ${size(d.bytesBefore)}, which are archived`,
  },
  "restore-registry": {
    plan: (s) => ("broken" in s ? wordRestoration(s.broken.restored) : ""),
    done: (_, d) =>
      `restored with ${d.entries} entries${Number(d.lost) > 0 ? `; of ${d.lost} more, parts are lost` : ""}`,
  },
  "remove-leftover": {
    plan: () => "remove it, once it is archived",
    done: (_, d) => `removed ${size(d.bytesBefore)}, which are archived`,
  },
  "remove-lock": {
    plan: (s) => `remove ${lockOf(s)}`,
    done: (s) => `removed ${lockOf(s)}`,
  },
  "prune-archive": { plan: () => "let the oldest archive go", done: () => "let the oldest archive go" },
  "restart-gateway": {
    plan: () => "restart the gateway once, because a rejected session was changed",
    done: (_, d) => (d.healthy ? "restarted the gateway, and it is well" : "restarted the gateway"),
  },
} satisfies Record<StepKind, { plan: (step: Step) => string; done: (step: Step, detail: Evidence) => string }>;

/** Why something is left alone, and what a person can do about it. */
const SPARED: Record<
  Exclude<SparedReason, "unmovable">,
  (detail: string, sessionId: string, path: string) => string
> = {
  personal: (_, id) =>
    `a personal session is not touched; to rotate it all the same: session-keeper rotate --session ${id}`,
  "personal-damaged": (_, __, path) =>
    `a personal session is not touched; to mend it all the same: session-keeper detect-corruption '${path}' --repair`,
  "personal-below-limit": () => "a personal session below claude.personalMaxSize",
  unregistered: () => "no registry entry leads to it, so nothing makes it grow",
  unsafe: (detail) => detail,
  "cut-refused": (detail, id) =>
    `it cannot be cut: ${detail}; to shorten it all the same: session-keeper rotate --session ${id} --strategy digest --force`,
  "tail-kept": (_, id) =>
    `nearly all of it stands behind its last compaction, so a cut would free little; to shorten it all the same: session-keeper rotate --session ${id} --strategy digest --force`,
  "tail-too-large": (_, id) =>
    `nearly all of it stands behind its last compaction, so a cut would free little; it is left alone up to rotate.hardLimit; to shorten it now: session-keeper rotate --session ${id} --strategy digest --force`,
  "sqlite-era": () => "it belongs to an OpenClaw that keeps its sessions in SQLite",
  "gateway-up": (detail, id) =>
    `${detail}, and the registry of this release has no lock: stop the gateway and run session-keeper rotate --session ${id}, or reset the session in its chat (/reset)`,
  "broken-registry": (of) =>
    of === ""
      ? "a registry cannot be read, and it may bind this session"
      : `what ${of} binds in this Claude Code home cannot be known, and it may be this session`,
  healthy: (_, id) =>
    `it is neither too large nor condemned; to rotate it all the same: session-keeper rotate --session ${id} --force`,
  unmendable: (_, id) =>
    `mending it was tried, and would leave nothing of it or make it worse; it is tried again when it changes; to give it up: session-keeper rotate --session ${id} --strategy digest --force`,
  "clock-stepped": (detail) => `${detail}, so its age cannot be trusted in this run`,
  ...SPARED_LOCKS,
  ...SPARED_BY_ARCHIVE,
  ...SPARED_IN_REGISTRY,
  "no-restart-command": () => "the gateway was not restarted, because no gateway.restart is configured",
  "restart-limit": (detail) => `the gateway was not restarted: ${detail}`,
};

export function wordFinding({ kind, severity, evidence, transcript }: Finding): string {
  if (isDamage(kind)) return wordDamage(kind, evidence, transcript?.dialect);
  return FINDINGS[kind]({ ...evidence, passing: severity === "info" && evidence.condemns === false });
}

export function wordPlanned(step: Step): string {
  return STEPS[step.kind].plan(step);
}

export function wordOutcome({ step, result, because, detail }: Outcome): string {
  if (result === "done") return STEPS[step.kind].done(step, detail) + (because ? ` (${because})` : "");
  const planned = STEPS[step.kind].plan(step);
  if (result === "already-done") return `${planned}: not needed${because ? `, ${because}` : ""}`;
  if (result === "failed" && step.kind === "restart-gateway") return `${because}`;
  if (result === "failed") return `could not ${step.kind === "repair-transcript" ? "mend it" : planned}: ${because}`;
  return `for the next run: ${because}`;
}

export function wordSpared(spared: Spared): string {
  const { because, detail = "", transcript, path = "FILE" } = spared;
  if (because === "unmovable") return wordUnmovable(spared);
  const words = SPARED[because](detail, transcript?.sessionId ?? "ID", transcript?.path ?? path);
  return words + wordRequests(spared);
}

function wordEdit(step: Step, when: "plan" | "done"): string {
  if (step.kind !== "edit-registry") return "";
  const { change, edit } = step;
  const plain = change === "move-in" || change === "move-out" ? "" : REGISTRY_CHANGES[change][when];
  return `${wordStray(step, when) ?? plain}${edit?.request ? " (by the gateway itself)" : ""}`;
}

/** A lock of a living owner is only removed by a person who insists, and ought to read that. */
function lockOf(step: Step): string {
  const isHeld = step.kind === "remove-lock" && step.lock.finding.kind === "held-lock";
  return isHeld ? "the lock, although its owner lives (--force)" : "the lock";
}

/** What the list of archives lacked, and whether it is in order by now. */
function catalog({ entered, unreadableLines, notAdopted, isMended }: Evidence): string {
  const [archives, lines] = [Number(entered), Number(unreadableLines)];
  const files = Array.isArray(notAdopted) ? notAdopted.map(String) : [];
  const wrong = [
    ...(archives > 0 ? [`it lacked ${archives === 1 ? "1 archive" : `${archives} archives`}`] : []),
    ...(lines > 0 ? [`${lines === 1 ? "1 of its lines" : `${lines} of its lines`} cannot be read`] : []),
  ];
  const now = isMended
    ? "it is rebuilt from the archives"
    : "what lies there was read instead; the next run that changes something enters it";
  return [
    ...(wrong.length > 0 ? [`${wrong.join(" and ")}: ${now}`] : []),
    ...(files.length > 0
      ? [`no sound archives of ours, although they are named so, and left alone: ${files.join(", ")}`]
      : []),
  ].join("; ");
}

function size(bytes: unknown): string {
  return typeof bytes === "number" ? formatSize(bytes) : "some bytes";
}

/** What a cut would do, where that was looked up. */
function cuttable({ boundaryLine, bytesAfterCut, cutRefused }: Evidence): string {
  if (typeof boundaryLine === "number") return `; a cut at line ${boundaryLine} leaves ${size(bytesAfterCut)}`;
  return typeof cutRefused === "string" ? `; a cut is not possible (${cutRefused})` : "";
}

function lines({ lines: count, lastAt }: Evidence): string {
  const time = `${String(lastAt).slice(0, 19).replace("T", " ")} UTC`;
  return count === 1
    ? `a line of the gateway's log, ${time}, says`
    : `${count} lines of the gateway's log, the last ${time}, say`;
}

function passing(evidence: Evidence): string {
  return `${lines(evidence)} that the vendor had a passing trouble (limit, login, overload, network): no session is condemned for it`;
}

/** A rejection that a transcript tells of itself, or that a person pasted. */
function witnessed({ witness, ids, calls, results, signature }: Evidence): string {
  const named = Array.isArray(ids) && ids.length > 0 ? ids.join(", ") : "";
  if (witness === "transcript")
    return `the row tells that the API refused the conversation${named && ` because of ${named}`}`;
  if (!calls && !results)
    return named
      ? `the error names ${named}, which no transcript here holds`
      : `the error names no session${signature ? "" : ", and is no rejection that is known"}; every transcript was looked at`;
  return `the error names ${named}: ${standing("its call", calls)}, ${standing("its result", results)}`;
}

function standing(what: string, at: unknown): string {
  return Array.isArray(at) && at.length > 0 ? `${what} stands in line ${at.join(", ")}` : `${what} is not there`;
}

/** What a line that condemned nobody was about. */
function placing({ condemns, attribution, candidates }: Evidence): string {
  if (condemns || attribution === undefined) return "";
  if (attribution === "unknown") return "; the session that it names is not here";
  return `; it names no session, and ${candidates} could be meant, so nothing was done; if you know which: session-keeper rotate --session ID --strategy digest --force`;
}

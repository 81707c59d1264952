import type { Signature } from "./signatures.ts";
import { isPassingTrouble } from "./transient.ts";

const IS_ERROR = /\\{0,16}"is_error\\{0,16}"\s{0,8}:\s{0,8}true/;

const isCrash = (line: string) => line.includes("FailoverError") && IS_ERROR.test(line);

const LOCK_TIMEOUT =
  /session file lock(?:ed \(timeout| stale \()|OPENCLAW_SESSION_WRITE_LOCK_(?:TIMEOUT|STALE)(?!_)|timeout (?:acquiring|waiting for) session store lock/;
const NO_CONVERSATION = /No conversation(?: found (?:with session ID|to continue)|s found to resume)/;

type Notice = Pick<Signature, "name" | "needles" | "matches" | "points" | "sample" | "counterSample">;

/** A program mended a session's file, or skipped some of it, and went on: told, and nothing is done about it. */
const repair = (notice: Notice): Signature => ({
  kind: "repair-logged",
  severity: "info",
  condemns: false,
  ...notice,
});

/**
 * What OpenClaw and Claude Code log about sessions beside rejections. Among those of one severity the first that matches
 * counts, so a session that is not there stands before the crash that it causes: there is nothing to empty or mend.
 */
export const notices: readonly Signature[] = [
  {
    name: "session-file-locked",
    kind: "lock-timeout-logged",
    severity: "warning",
    condemns: false,
    needles: ["session file lock", "OPENCLAW_SESSION_WRITE_LOCK_", "session store lock"],
    matches: (line) => LOCK_TIMEOUT.test(line),
    points: [],
    sample:
      "SessionWriteLockTimeoutError: session file locked (timeout 60000ms): pid=4242 alive=true ageMs=61000 /srv/agents/main/sessions/a.jsonl.lock",
    counterSample: "removed stale session lock: /srv/agents/main/sessions/a.jsonl.lock (dead-pid)",
  },
  {
    name: "failover-crash",
    kind: "crash-logged",
    severity: "warning",
    condemns: true,
    needles: ["FailoverError"],
    matches: (line) => isCrash(line) && !isPassingTrouble(line),
    points: [],
    sample:
      'FailoverError: claude-cli exited with code 1: {"type":"result","is_error":true,"duration_ms":529,"result":"API Error: 400"}',
    counterSample: 'FailoverError: No API key found for provider "ollama".',
  },
  {
    name: "session-not-found",
    kind: "session-missing-logged",
    severity: "warning",
    condemns: false,
    needles: ["No conversation"],
    matches: (line) => NO_CONVERSATION.test(line),
    points: [],
    sample: "claude exited with code 1: No conversation found with session ID: 0b7e4a52-6d3c-4a58-8a4f-0d2a6f6b9c10",
    counterSample: "[memory] No conversation found worth a summary",
  },
  {
    // what a native Claude Code says when a line of the transcript is two, and it gives up resuming
    name: "transcript-not-json",
    kind: "crash-logged",
    severity: "warning",
    condemns: false,
    needles: ["before value in object property definition"],
    matches: (line) => /JSON Parse error: Expected \W{0,8}:\W{0,8} before value in object/.test(line),
    points: ["glued-line", "broken-line", "torn-tail"],
    sample: "ERROR JSON Parse error: Expected ':' before value in object property definition",
    counterSample: "docs: how to write a value in object property definition, and what stands before value",
  },
  {
    name: "failover-passing-trouble",
    kind: "crash-logged",
    severity: "info",
    condemns: false,
    needles: ["FailoverError"],
    matches: (line) => isCrash(line) && isPassingTrouble(line),
    points: [],
    sample: 'FailoverError: {"type":"result","is_error":true,"result":"API Error: 529 Overloaded"}',
    counterSample: 'FailoverError: {"type":"result","is_error":true,"result":"API Error: 400"}',
  },
  repair({
    name: "session-file-repaired",
    needles: ["session file repaired: "],
    matches: (line) => line.includes("session file repaired: "),
    points: ["broken-chain", "glued-line", "broken-line"],
    sample: "session file repaired: dropped 2 malformed line(s) (6089662b-066f-42c4-8d4e-25fa4e5fc3d8.jsonl)",
    counterSample: "session file repair skipped: invalid session header (a.jsonl)",
  }),
  repair({
    name: "stale-lock-removed",
    needles: ["removed stale session lock: "],
    matches: (line) => line.includes("removed stale session lock: "),
    points: [],
    sample: "removed stale session lock: /srv/agents/main/sessions/a.jsonl.lock (dead-pid)",
    counterSample: "found a stale session lock: run doctor --fix",
  }),
  repair({
    name: "pairing-repaired",
    needles: ["tool_result"],
    matches: (line) => line.includes("ensureToolResultPairing: repaired missing tool_result blocks"),
    points: ["unanswered-call", "orphaned-result", "duplicate-call", "duplicate-result"],
    sample: "Error: ensureToolResultPairing: repaired missing tool_result blocks (12 -> 13 messages)",
    counterSample: "ensureToolResultPairing: nothing to repair (12 messages)",
  }),
  repair({
    name: "lines-skipped",
    needles: ["that did not parse as JSON"],
    matches: (line) => /transcript load: skipped \d+ line\(s\) that did not parse as JSON/.test(line),
    points: ["glued-line", "broken-line", "nul-run", "torn-tail"],
    sample: "transcript load: skipped 1 line(s) that did not parse as JSON (e.g. a torn or corrupt write)",
    counterSample: "webhook: skipped a body that did not parse as JSON",
  }),
  repair({
    name: "transcript-compact-failed",
    needles: ["Transcript compact "],
    matches: (line) => /Transcript compact (?:failed|skipped) \(/.test(line),
    points: [],
    sample: "Transcript compact failed (Unavailable): rename failed",
    counterSample: "Transcript compact done (5242880 -> 1048576 bytes)",
  }),
];

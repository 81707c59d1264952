import type { SignatureSetting } from "../config/settings.ts";
import { isPassingTrouble } from "./transient.ts";

/** What a line of the gateway's log can tell about a session. */
export type Signature = {
  name: string;
  kind: "rejection-logged" | "crash-logged" | "lock-timeout-logged";
  severity: "error" | "warning" | "info";
  /** A line like this starts the check that may empty or mend the session it names. */
  condemns: boolean;
  /** Fixed strings, one of which stands in every line that matches: looked for in the raw bytes. None: every line is tried. */
  needles: readonly string[];
  matches: (line: string) => boolean;
  /** A line that matches, and one that is near to it and must not. */
  sample: string;
  counterSample: string;
};

/** What a line was recognised as. */
export type Classified = {
  signature: string;
  kind: Signature["kind"];
  severity: Signature["severity"];
  condemns: boolean;
};

/**
 * The strongest signature that a line matches: severity first, then the order of the table, then the person's own.
 *
 * @param line one line without colour codes, plain or JSON (quotes may be escaped)
 * @param extra the person's own signatures, beside the table
 * @param ignore a line that matches one of these is nothing
 */
export function classify(
  line: string,
  extra: readonly Signature[] = [],
  ignore: readonly RegExp[] = [],
): Classified | undefined {
  let found: Signature | undefined;
  for (const signature of [...signatures, ...extra]) {
    if (found && RANK[found.severity] >= RANK[signature.severity]) continue;
    if (signature.matches(line)) found = signature;
  }
  if (!found || ignore.some((pattern) => line.search(pattern) >= 0)) return undefined;
  return { signature: found.name, kind: found.kind, severity: found.severity, condemns: found.condemns };
}

const RANK = { info: 1, warning: 2, error: 3 } as const;

/** A signature from the configuration. Of severity `error` it condemns like a rejection; the others only report. */
export function customSignature({ name, pattern, severity }: SignatureSetting): Signature {
  const expression = new RegExp(pattern);
  return {
    name,
    kind: severity === "error" ? "rejection-logged" : "crash-logged",
    severity,
    condemns: severity === "error",
    needles: literalOf(pattern),
    matches: (line) => expression.test(line),
    sample: "",
    counterSample: "",
  };
}

/** The longest run of plain characters that every match of a simple pattern contains; none when that is not certain. */
function literalOf(pattern: string): string[] {
  if (/[|()[\]\\{}]/.test(pattern)) return [];
  // A character before `?` or `*` may be absent, so it is dropped with its sign.
  const runs = pattern.replace(/.[?*]/gsu, "\n").split(/[\n.^$+?*]/);
  const longest = runs.reduce((best, run) => (run.length > best.length ? run : best), "");
  return longest.length < 3 ? [] : [longest];
}

/** A word as the API quotes it: bare, in backticks, in quotes, or in quotes that JSON has escaped. */
const quoted = (word: string) => String.raw`[\x60"'\\]{0,8}${word}[\x60"'\\]{0,8}`;

/**
 * `"tool_use_id"` as a key and `"tool_result"` as a value are how a healthy call looks when its data are logged (also
 * escaped, or printed by `console.log`); in the rejection they are words of a sentence.
 */
const DUMPED =
  /\\{0,16}"tool_use_id\\{0,16}"\s{0,8}:|\btool_use_id:\s{0,8}\\{0,16}['"]|[:[,]\s{0,8}\\{0,16}(["'])(?:\w{1,40}_)?tool_result\\{0,16}\1/g;

function saysUnexpectedResult(line: string): boolean {
  if (!line.includes("tool_use_id") || !line.includes("tool_result")) return false;
  const rest = line.replace(DUMPED, " ");
  return rest.includes("tool_use_id") || rest.includes("tool_result");
}

const IS_ERROR = /\\{0,16}"is_error\\{0,16}"\s{0,8}:\s{0,8}true/;

const isCrash = (line: string) => line.includes("FailoverError") && IS_ERROR.test(line);

const matching = (source: string) => {
  const pattern = new RegExp(source);
  return (line: string) => pattern.test(line);
};

type Wording = Pick<Signature, "name" | "needles" | "matches" | "sample" | "counterSample">;

/** The API, or Claude Code before it asks, refuses the whole conversation: every later turn fails like this one. */
const rejection = (wording: Wording): Signature => ({
  kind: "rejection-logged",
  severity: "error",
  condemns: true,
  ...wording,
});

/**
 * Wordings of the API and of Claude Code that reject a whole conversation, the gateway's own crash line, and lock
 * contention. A new one is an entry here, with a line that matches and one that must not.
 */
export const signatures: readonly Signature[] = [
  rejection({
    name: "server-result-without-call",
    needles: ["tool_use_id"],
    matches: matching(`${quoted("tool_use_id")} found in ${quoted("(?!tool_result)\\w{1,40}_tool_result")} blocks`),
    sample:
      "API Error: 400 messages.3.content.1: unexpected `tool_use_id` found in `advisor_tool_result` blocks: srvtoolu_01X. Each `advisor_tool_result` block must have a corresponding `server_tool_use` block before it.",
    counterSample: '{"type":"web_search_tool_result","tool_use_id":"srvtoolu_01X","content":[]}',
  }),
  rejection({
    name: "result-without-call",
    needles: ["tool_use_id"],
    matches: saysUnexpectedResult,
    sample:
      'lane task error: lane=session:agent:main:main durationMs=253 error="FailoverError: LLM request rejected: messages.2.content.0: unexpected `tool_use_id` found in `tool_result` blocks: toolu_0a. Each `tool_result` block must have a corresponding `tool_use` block in the previous message."',
    counterSample:
      'request body: {\\"role\\":\\"user\\",\\"content\\":[{\\"type\\":\\"tool_result\\",\\"tool_use_id\\":\\"toolu_0a\\"}]}',
  }),
  rejection({
    name: "call-without-result",
    needles: ["ids were found without"],
    matches: matching(`${quoted("tool_use")} ids were found without ${quoted("tool_result")}`),
    sample: "messages.4: `tool_use` ids were found without `tool_result` blocks immediately after: toolu_0b.",
    counterSample: "ensureToolResultPairing: repaired missing tool_result blocks (12 -> 13 messages)",
  }),
  rejection({
    name: "call-ids-not-unique",
    needles: ["ids must be unique"],
    matches: matching(`${quoted("tool_use")} ids must be unique`),
    sample: "messages.9.content.1: `tool_use` ids must be unique",
    counterSample: "config: agent ids must be unique",
  }),
  rejection({
    name: "request-not-json",
    needles: ["no low surrogate", "equest body is not valid JSON"],
    matches: matching("no low surrogate in string|[Rr]equest body is not valid JSON"),
    sample: "API Error: 400 The request body is not valid JSON: no low surrogate in string: line 1 column 9 (char 8)",
    counterSample: "webhook: response body is not valid JSON",
  }),
  rejection({
    name: "tool-use-concurrency",
    needles: ["due to tool use concurrency issues"],
    matches: matching("due to tool use concurrency issues"),
    sample: "API Error: 400 due to tool use concurrency issues. Run /rewind to recover the conversation.",
    counterSample: "tool use concurrency: 4",
  }),
  rejection({
    name: "call-id-twice",
    needles: ["in conversation history"],
    matches: matching(`duplicate ${quoted("tool_use")} ID in conversation history`),
    sample: "API Error: 400 duplicate tool_use ID in conversation history. Run /rewind to recover the conversation.",
    counterSample: "duplicate message ID in conversation history",
  }),
  rejection({
    name: "orphaned-result",
    needles: ["in conversation history"],
    matches: matching(`orphaned ${quoted("tool_result")} in conversation history`),
    sample: "API Error: 400 orphaned tool_result in conversation history",
    counterSample: "[Orphaned tool result removed due to conversation resume]",
  }),
  {
    name: "session-file-locked",
    kind: "lock-timeout-logged",
    severity: "warning",
    condemns: false,
    needles: ["session file locked (timeout"],
    matches: (line) => line.includes("session file locked (timeout"),
    sample: "Error: session file locked (timeout 10000ms): pid=4242 /srv/agents/main/sessions/a.jsonl.lock",
    counterSample: "removed stale session lock: /srv/agents/main/sessions/a.jsonl.lock (dead-pid)",
  },
  {
    name: "failover-crash",
    kind: "crash-logged",
    severity: "warning",
    condemns: true,
    needles: ["FailoverError"],
    matches: (line) => isCrash(line) && !isPassingTrouble(line),
    sample:
      'FailoverError: claude-cli exited with code 1: {"type":"result","is_error":true,"duration_ms":529,"result":"API Error: 400"}',
    counterSample: 'FailoverError: No API key found for provider "ollama".',
  },
  {
    name: "failover-passing-trouble",
    kind: "crash-logged",
    severity: "info",
    condemns: false,
    needles: ["FailoverError"],
    matches: (line) => isCrash(line) && isPassingTrouble(line),
    sample: 'FailoverError: {"type":"result","is_error":true,"result":"API Error: 529 Overloaded"}',
    counterSample: 'FailoverError: {"type":"result","is_error":true,"result":"API Error: 400"}',
  },
];

import type { DamageKind } from "../structure/damage.ts";
import type { Signature } from "./signatures.ts";

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

const matching = (source: string) => {
  const pattern = new RegExp(source);
  return (line: string) => pattern.test(line);
};

/** A call or a result that stands in such a line is lost, and its partner is refused for it. */
const UNREADABLE: readonly DamageKind[] = ["glued-line", "broken-line", "nul-run", "torn-tail"];

type Wording = Pick<Signature, "name" | "needles" | "matches" | "points" | "sample" | "counterSample">;

const rejection = (wording: Wording): Signature => ({
  kind: "rejection-logged",
  severity: "error",
  condemns: true,
  ...wording,
});

/**
 * Wordings by which the API, or Claude Code before it asks, refuses a whole conversation: every later turn fails like
 * this one. A prompt that is too long is none of them: what is too long today is shortened by the next compaction.
 */
export const rejections: readonly Signature[] = [
  rejection({
    name: "server-result-without-call",
    needles: ["tool_result"],
    matches: matching(`${quoted("tool_use_id")} found in ${quoted("(?!tool_result)\\w{1,40}_tool_result")} blocks`),
    points: ["orphaned-result", ...UNREADABLE],
    sample:
      "API Error: 400 messages.3.content.1: unexpected `tool_use_id` found in `advisor_tool_result` blocks: srvtoolu_01X. Each `advisor_tool_result` block must have a corresponding `server_tool_use` block before it.",
    counterSample: '{"type":"web_search_tool_result","tool_use_id":"srvtoolu_01X","content":[]}',
  }),
  rejection({
    name: "result-without-call",
    needles: ["tool_result"],
    matches: saysUnexpectedResult,
    points: ["orphaned-result", "broken-chain", ...UNREADABLE],
    sample:
      'lane task error: lane=session:agent:main:main durationMs=253 error="FailoverError: LLM request rejected: messages.2.content.0: unexpected `tool_use_id` found in `tool_result` blocks: toolu_0a. Each `tool_result` block must have a corresponding `tool_use` block in the previous message."',
    counterSample:
      'request body: {\\"role\\":\\"user\\",\\"content\\":[{\\"type\\":\\"tool_result\\",\\"tool_use_id\\":\\"toolu_0a\\"}]}',
  }),
  rejection({
    name: "call-without-result",
    needles: ["tool_result"],
    matches: matching(`${quoted("tool_use")} ids were found without ${quoted("tool_result")}`),
    points: ["unanswered-call", ...UNREADABLE],
    sample: "messages.4: `tool_use` ids were found without `tool_result` blocks immediately after: toolu_0b.",
    counterSample: "ensureToolResultPairing: repaired missing tool_result blocks (12 -> 13 messages)",
  }),
  rejection({
    name: "call-ids-not-unique",
    needles: ["ids must be unique"],
    matches: matching(`${quoted("tool_use")} ids must be unique`),
    points: ["duplicate-call"],
    sample: "messages.9.content.1: `tool_use` ids must be unique",
    counterSample: "config: agent ids must be unique",
  }),
  rejection({
    name: "call-with-two-results",
    needles: ["tool_result"],
    matches: matching(`[Ff]ound multiple ${quoted("tool_result")} blocks with id`),
    points: ["duplicate-result"],
    sample:
      "API Error: 400 messages.8.content.1: each tool_use must have a single result. Found multiple `tool_result` blocks with id: toolu_0c",
    counterSample: "found multiple blocks with id 7; each query must have a single result",
  }),
  rejection({
    name: "lone-surrogate",
    needles: ["surrogate in string"],
    matches: matching("(?:no|invalid) (?:low|high) surrogate in string"),
    points: ["lone-surrogate"],
    sample: "API Error: 400 The request body is not valid JSON: no low surrogate in string: line 1 column 9 (char 8)",
    counterSample: "[matrix] replaced a lone surrogate in string before sending",
  }),
  rejection({
    name: "request-not-json",
    needles: ["equest body is not valid JSON"],
    matches: matching("[Rr]equest body is not valid JSON"),
    points: ["lone-surrogate"],
    sample: "API Error: 400 The request body is not valid JSON: unexpected end of data: line 1 column 9 (char 8)",
    counterSample: "webhook: response body is not valid JSON: unexpected end of data: line 1 column 9 (char 8)",
  }),
  rejection({
    name: "tool-use-concurrency",
    needles: ["due to tool use concurrency issues"],
    matches: matching("due to tool use concurrency issues"),
    points: ["unanswered-call", "orphaned-result", ...UNREADABLE],
    sample: "API Error: 400 due to tool use concurrency issues. Run /rewind to recover the conversation.",
    counterSample: "tool use concurrency: 4",
  }),
  rejection({
    name: "call-id-twice",
    needles: ["in conversation history"],
    matches: matching(`duplicate ${quoted("tool_use")} ID in conversation history`),
    points: ["duplicate-call"],
    sample: "API Error: 400 duplicate tool_use ID in conversation history. Run /rewind to recover the conversation.",
    counterSample: "duplicate message ID in conversation history",
  }),
  rejection({
    name: "orphaned-result",
    needles: ["tool_result"],
    matches: matching(`orphaned ${quoted("tool_result")} in conversation history`),
    points: ["orphaned-result", "broken-chain", ...UNREADABLE],
    sample: "API Error: 400 orphaned tool_result in conversation history",
    counterSample: "[Orphaned tool result removed due to conversation resume]",
  }),
];

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { classify, customSignature, findSignature, signatures } from "../../src/gateway-log/signatures.ts";

const fixture = (name: string) =>
  readFileSync(new URL(`../../fixtures/gateway-log/${name}`, import.meta.url), "utf8")
    .trimEnd()
    .split("\n");

test.for(signatures)("$name recognises its sample, and not the line that is near to it", (signature) => {
  expect(signature.matches(signature.sample)).toBe(true);
  expect(signature.matches(signature.counterSample)).toBe(false);
  expect(classify(signature.sample)?.signature).toBe(signature.name);
});

test.for(signatures)("$name also recognises its sample inside a JSON line, where quotes are escaped", (signature) => {
  const line = JSON.stringify({ 1: signature.sample });
  expect(signature.matches(line)).toBe(true);
  expect(signature.matches(JSON.stringify({ 1: line }))).toBe(true);
  expect(signature.needles.some((needle) => line.includes(needle))).toBe(true);
});

test("in the incident's log the one crash condemns and the lines about Ollama are nothing", () => {
  const found = fixture("incident-feb-8.txt").map((line) => classify(line));
  expect(found.filter((match) => match !== undefined)).toEqual([
    { signature: "failover-crash", kind: "crash-logged", severity: "warning", condemns: true },
  ]);
  expect(found[4]).toBeDefined();
});

test("a usage limit, an expired login and an overload condemn nothing", () => {
  for (const line of fixture("passing-troubles.txt"))
    expect(classify(line)).toEqual({
      signature: "failover-passing-trouble",
      kind: "crash-logged",
      severity: "info",
      condemns: false,
    });
});

test("what is logged about sessions beside rejections is recognised in the forms of all releases, and condemns nothing", () => {
  const found = fixture("session-troubles.txt").map((line) => classify(line));
  expect(found.map((match) => match?.signature)).toEqual([
    ...Array.from({ length: 6 }, () => "session-file-locked"),
    ...Array.from({ length: 3 }, () => "session-not-found"),
    "session-file-repaired",
    "session-file-repaired",
    "stale-lock-removed",
    "pairing-repaired",
    "lines-skipped",
    "transcript-compact-failed",
    "transcript-not-json",
  ]);
  expect(found.filter((match) => match?.condemns)).toEqual([]);
  const severities = found.map((match) => [match?.kind, match?.severity].join());
  expect([...new Set(severities)]).toEqual([
    "lock-timeout-logged,warning",
    "session-missing-logged,warning",
    "repair-logged,info",
    "crash-logged,warning",
  ]);
});

test("a line of each signature is found by a fixed string, so none of its lines is passed over", () => {
  for (const line of ["session-troubles.txt", "rejection-json.txt", "incident-feb-8.txt"].flatMap(fixture)) {
    const signature = findSignature(line);
    if (signature)
      expect(
        signature.needles.some((needle) => line.includes(needle)),
        line,
      ).toBe(true);
  }
});

test("a prompt or a request that is too large is no rejection: the next compaction shortens it", () => {
  expect(classify("API Error: 400 Prompt is too long")).toBeUndefined();
  expect(classify("Request too large (max 20MB). Double press esc to go back")).toBeUndefined();
  expect(classify('FailoverError: {"is_error":true,"result":"Prompt is too long"}')?.condemns).toBe(false);
});

test("each rejection points to damage to look for, the likeliest first", () => {
  const first = signatures.filter(({ severity }) => severity === "error").map(({ points }) => points[0]);
  expect(first).not.toContain(undefined);
  expect(findSignature("messages.4: tool_use ids must be unique")?.points).toEqual(["duplicate-call"]);
});

test("in the gateway's JSON log both lines of a rejection condemn, and a logged request does not", () => {
  const found = fixture("rejection-json.txt").map((line) => classify(line)?.signature);
  expect(found).toEqual(["result-without-call", "result-without-call", undefined]);
});

test.for([
  { line: 'dump {"type":"tool_result","tool_use_id":"toolu_1"}', is: undefined },
  { line: 'dump { "tool_use_id" : "toolu_1", "type" : "tool_result" }', is: undefined },
  { line: 'dump {\\"type\\":\\"tool_result\\",\\"tool_use_id\\":\\"toolu_1\\"}', is: undefined },
  { line: "dump { type: 'tool_result', tool_use_id: 'toolu_1' }", is: undefined },
  { line: "tool_use_id without the other word", is: undefined },
  { line: "unexpected tool_use_id found in tool_result blocks", is: "result-without-call" },
  { line: 'unexpected "tool_use_id" found in "tool_result" blocks: toolu_1', is: "result-without-call" },
  {
    line: 'unexpected `tool_use_id` found in `tool_result`; body {"type":"tool_result","tool_use_id":"toolu_1"}',
    is: "result-without-call",
  },
  { line: "messages.1: tool_use ids must be unique", is: "call-ids-not-unique" },
  {
    line: "messages.1: tool_use ids were found without tool_result blocks immediately after",
    is: "call-without-result",
  },
  { line: "API Error: 400 The request body is not valid JSON: unexpected end of data", is: "request-not-json" },
  { line: "SyntaxError: JSON.parse: unexpected end of data at line 1 column 1", is: undefined },
  { line: "400 The request body is not valid JSON: no low surrogate in string: line 1 column 9", is: "lone-surrogate" },
  { line: "400 invalid high surrogate in string: line 1 column 9 (char 8)", is: "lone-surrogate" },
  {
    line: "API Error: 400 messages.2.content.0: unexpected `tool_use_id` found in `tool_result` blocks: toolu_0a. Each `tool_result` block must have a corresponding `tool_use` block in the previous message.",
    is: "result-without-call",
  },
  {
    line: 'API Error: 400 {"type":"error","error":{"type":"invalid_request_error","message":"messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: toolu_0b"},"request_id":"req_1"}',
    is: "call-without-result",
  },
  {
    line: "unexpected tool_use_id found in web_search_tool_result blocks: srvtoolu_1",
    is: "server-result-without-call",
  },
  {
    line: "messages.8.content.1: each `tool_use` must have a single result. Found multiple `tool_result` blocks with id: toolu_0c",
    is: "call-with-two-results",
  },
  { line: "Found multiple tool_result blocks with id: call_0c", is: "call-with-two-results" },
  { line: "API Error: 400 orphaned tool_result in conversation history. Run /rewind", is: "orphaned-result" },
  { line: "OPENCLAW_SESSION_WRITE_LOCK_STALE", is: "session-file-locked" },
  { line: "OPENCLAW_SESSION_WRITE_LOCK_STALE_MS=1800000", is: undefined },
  { line: "session.writeLock: OPENCLAW_SESSION_WRITE_LOCK_ACQUIRE_TIMEOUT_MS is 60000", is: undefined },
])("$line: $is", ({ line, is }) => {
  expect(classify(line)?.signature).toBe(is);
});

test("a rejection's wording wins over a passing trouble on the same line", () => {
  const line =
    'FailoverError: {"is_error":true,"result":"API Error: 529 … tool_use ids must be unique","request_id":"req_429 timed out"}';
  expect(classify(line)).toMatchObject({ signature: "call-ids-not-unique", condemns: true });
});

test("a crash without is_error, or with is_error false, is nothing", () => {
  expect(classify('FailoverError: {"is_error":false}')).toBeUndefined();
  expect(classify('FailoverError: "is_error" is missing')).toBeUndefined();
  expect(classify('{"is_error": true}')).toBeUndefined();
  expect(classify('FailoverError: { "is_error" : true }')).toBeDefined();
});

test("a person's own signature of severity error condemns, the others only report", () => {
  const own = (severity: "error" | "warning" | "info") => [
    customSignature({ name: "own", pattern: "boom \\d+", severity }),
  ];
  expect(classify("boom 7", own("error"))).toEqual({
    signature: "own",
    kind: "rejection-logged",
    severity: "error",
    condemns: true,
  });
  expect(classify("boom 7", own("warning"))).toMatchObject({ severity: "warning", condemns: false });
  expect(classify("boom 7", own("info"))).toMatchObject({ severity: "info", condemns: false });
  expect(classify("boom", own("error"))).toBeUndefined();
});

test("the severest signature that matches counts", () => {
  const line = 'FailoverError: {"is_error":true,"result":"rate limit"}';
  const own = customSignature({ name: "own", pattern: "rate limit", severity: "error" });
  expect(classify(line)?.severity).toBe("info");
  expect(classify(line, [own])?.signature).toBe("own");
});

test("a person's own pattern is tried on the first 8 KiB of a line, so that no line takes long", () => {
  const own = customSignature({ name: "own", pattern: "x+boom", severity: "error" });
  const ignore = [/ignore me/];
  expect(classify(`${" ".repeat(8_000)}xboom`, [own])?.signature).toBe("own");
  expect(classify(`${" ".repeat(8_200)}xboom`, [own])).toBeUndefined();
  expect(classify(`xboom ${" ".repeat(8_000)}ignore me`, [own], ignore)).toBeUndefined();
  const before = process.cpuUsage();
  expect(classify("x".repeat(1024 * 1024), [own])).toBeUndefined();
  expect(process.cpuUsage(before).user / 1000).toBeLessThan(2000);
});

test("an ignored line is nothing, also for a pattern that remembers its place", () => {
  const ignore = [/unique/g];
  for (const _ of [1, 2, 3]) expect(classify("`tool_use` ids must be unique", [], ignore)).toBeUndefined();
});

test("a pattern that begins with .* finds what it would find without", () => {
  const own = customSignature({ name: "own", pattern: ".*.*?error.*lost|.*gone", severity: "info" });
  for (const line of ["an error: lost", "error, all lost", "is gone"]) expect(own.matches(line), line).toBe(true);
  for (const line of ["lost in error", "go"]) expect(own.matches(line), line).toBe(false);
  const dots = customSignature({ name: "own", pattern: "\\.*x", severity: "info" });
  expect(dots.matches("x")).toBe(true);
  expect(dots.matches("..")).toBe(false);
});

test.for([
  { pattern: "plain words", needles: ["plain words"] },
  { pattern: "^error.*fatal loss$", needles: ["fatal loss"] },
  { pattern: "colou?r lost", needles: ["r lost"] },
  { pattern: "go+ne", needles: [] },
  { pattern: "this|that", needles: [] },
  { pattern: "[Ff]atal", needles: [] },
  { pattern: "fatal{2}", needles: [] },
  { pattern: "a\\.b", needles: [] },
])("of the pattern $pattern the fixed strings $needles are certain", ({ pattern, needles }) => {
  expect(customSignature({ name: "own", pattern, severity: "info" }).needles).toEqual(needles);
});

test("a crash that says a session is not there is one whose reason is no passing trouble", () => {
  const line = `FailoverError: {"type":"result","is_error":true,"errors":["No conversation found with session ID: x"]}`;
  expect(classify(line)).toMatchObject({ signature: "failover-crash", condemns: true });
});

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { classify, customSignature, signatures } from "../../src/gateway-log/signatures.ts";

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

test("an ignored line is nothing, also for a pattern that remembers its place", () => {
  const ignore = [/unique/g];
  for (const _ of [1, 2, 3]) expect(classify("`tool_use` ids must be unique", [], ignore)).toBeUndefined();
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

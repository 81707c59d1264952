import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { readPastedError } from "../../src/gateway-log/pasted-error.ts";
import { customSignature, signatures } from "../../src/gateway-log/signatures.ts";

const fixture = (name: string) => readFileSync(new URL(`../../fixtures/gateway-log/${name}`, import.meta.url), "utf8");

const id = "0b7e4a52-6d3c-4a58-8a4f-0d2a6f6b9c10";
const nothing = { points: [], toolIds: [], sessionIds: [], sessionKeys: [], positions: [] };

const message =
  "messages.2.content.0: unexpected `tool_use_id` found in `tool_result` blocks: toolu_0a. Each `tool_result` block must have a corresponding `tool_use` block in the previous message.";
const body = JSON.stringify({
  type: "error",
  error: { type: "invalid_request_error", message },
  request_id: "req_011CaBc",
});
const escaped = (text: string, times: number): string =>
  times === 0 ? text : escaped(JSON.stringify({ 1: text }), times - 1);

test.for([
  { name: "the API's sentence", text: message },
  { name: "as native releases print it", text: `API Error: 400 ${message}` },
  { name: "the API's body", text: body },
  { name: "the body, indented", text: JSON.stringify(JSON.parse(body), null, 2) },
  { name: "with the status before it", text: `API Error: 400 ${body}` },
  { name: "in a JSON line", text: escaped(body, 1) },
  { name: "in a JSON line in a JSON line", text: escaped(`400 ${body}`, 2) },
  { name: "escaped four times", text: escaped(body, 4) },
  { name: "without backticks", text: message.replaceAll("`", "") },
  { name: "with quotes of a word processor", text: message.replace(/`([^`]+)`/g, "‘$1’") },
  { name: "with double quotes of a word processor", text: message.replace(/`([^`]+)`/g, "“$1”") },
  { name: "with every sign escaped", text: message.replaceAll("`", "\\u0060") },
  { name: "in colours", text: `\u001b[31;1m${message}\u001b[0m` },
  { name: "with each word in colours", text: message.replace(/\S+/g, "\u001b[31m$&\u001b[39m") },
  { name: "in colours that were escaped", text: escaped(message.replace(/\S+/g, "\u001b[31m$&\u001b[39m"), 1) },
  { name: "in colours that lost their escape character", text: message.replace(/\S+/g, "[31m$&[39m") },
  { name: "in colours that were made visible", text: message.replace(/\S+/g, "^[[31m$&^[[39m") },
  { name: "broken into lines", text: message.replace(/ /g, "\n     ") },
  { name: "broken into lines in a frame", text: `╭───╮\r\n│ ${message.replace(/ /g, " │\r\n│ ")} │\r\n╰───╯` },
  { name: "with line breaks that JSON escaped", text: escaped(message.replace(/ /g, "\n"), 1) },
  { name: "quoted in a chat", text: `> ${message.replace(/ found/, "\n>> found")}` },
  { name: "with spaces that don't break", text: message.replaceAll(" ", "\u00a0") },
])("of an orphaned result $name, the call, the place and the kind are read", ({ text }) => {
  const read = readPastedError(text);
  expect(read).toMatchObject({
    signature: "result-without-call",
    toolIds: ["toolu_0a"],
    sessionIds: [],
    sessionKeys: [],
    positions: [{ message: 2, block: 0 }],
  });
  expect(read.points[0]).toBe("orphaned-result");
});

test("a message that a terminal coloured, indented and broken into lines names its calls in order", () => {
  expect(readPastedError(fixture("pasted-terminal.txt"))).toMatchObject({
    signature: "call-without-result",
    toolIds: ["toolu_01KdzP3uTq9aYxWm4sVhRb2e", "toolu_01Mf7Jc5nLwE8gXp6tHsZy3q"],
    positions: [{ message: 293 }],
  });
});

test("a message in a frame is read across its lines", () => {
  const framed = fixture("pasted-terminal.txt").replace(/^(.*)$/gm, "│ $1 │");
  expect(readPastedError(`╭───╮\n${framed}\n╰───╯`)).toEqual(readPastedError(fixture("pasted-terminal.txt")));
});

test("lines of the gateway's log name the session too, and the strongest of their signatures counts", () => {
  expect(readPastedError(fixture("rejection-json.txt"))).toMatchObject({
    signature: "result-without-call",
    sessionKeys: ["agent:main:main"],
    toolIds: ["toolu_0a", "toolu_0b"],
  });
  expect(readPastedError(fixture("incident-feb-8.txt"))).toMatchObject({
    signature: "failover-crash",
    points: [],
    sessionIds: [id],
    sessionKeys: ["agent:main:telegram:group:-1001234"],
  });
  expect(readPastedError(`${fixture("incident-feb-8.txt")}${message}`).signature).toBe("result-without-call");
});

test.for(signatures)("a pasted sample of $name is recognised, also escaped", ({ name, sample, points }) => {
  expect(readPastedError(sample)).toMatchObject({ signature: name, points });
  expect(readPastedError(escaped(sample, 2))).toMatchObject({ signature: name, points });
});

test.for([
  { text: "`tool_result` blocks: functions.read:0. Each", ids: ["functions.read:0"] },
  {
    text: "blocks immediately after: bash-uOQIdN0O, call_sS3H, 9chars-id.",
    ids: ["bash-uOQIdN0O", "call_sS3H", "9chars-id"],
  },
  { text: "Found multiple `tool_result` blocks with id: tooluse_Ab-_1", ids: ["tooluse_Ab-_1"] },
  { text: "found in `advisor_tool_result` blocks: srvtoolu_01X. Each", ids: ["srvtoolu_01X"] },
  { text: "blocks: toolu_2", ids: ["toolu_2"] },
  { text: "toolu_other then `tool_result` blocks: toolu_blamed. Each", ids: ["toolu_blamed", "toolu_other"] },
  { text: '{"tool_use_id":"fn:1","content":"x"}', ids: ["fn:1"] },
  { text: '{"role":"toolResult","toolCallId":"abc 1"}', ids: [] },
  { text: "No tool output found for function call call_abc1.", ids: ["call_abc1"] },
])("$text names the calls $ids", ({ text, ids }) => {
  expect(readPastedError(text).toolIds).toEqual(ids);
});

test.for([
  { text: `No conversation found with session ID: ${id}`, ids: [id] },
  { text: id.toUpperCase(), ids: [id] },
  { text: `~/.claude/projects/-w/${id}.jsonl`, ids: [id] },
  { text: id.replaceAll("-", "\u2011"), ids: [id] },
  { text: `sessionId=probe-1, "session_id": "${id.toUpperCase()}"`, ids: ["probe-1", id] },
  { text: `\\"sessionId\\":\\"my.session\\"`, ids: ["my.session"] },
  { text: `sessionId: undefined, session_id=null`, ids: [] },
  { text: `{"parentUuid":"${id}","uuid":"${id}","promptId":"${id}"} runId=${id}`, ids: [] },
  { text: `{"parentUuid":"${id}","sessionId":"${id}"}`, ids: [id] },
])("$text names the sessions $ids", ({ text, ids }) => {
  expect(readPastedError(text).sessionIds).toEqual(ids);
});

test.for([
  { text: "lane=session:agent:main:main durationMs=1", keys: ["agent:main:main"] },
  { text: '{"sessionKey":"agent:ops:whatsapp:direct:+15551234567"}', keys: ["agent:ops:whatsapp:direct:+15551234567"] },
  {
    text: "the bot agent:main:matrix:room:!Ab:server.org:thread:17.5, since today",
    keys: ["agent:main:matrix:room:!Ab:server.org:thread:17.5"],
  },
  { text: "sessionKey=main lane=main", keys: ["main"] },
  { text: "Agent: main: went away", keys: [] },
])("$text names the keys $keys", ({ text, keys }) => {
  expect(readPastedError(text).sessionKeys).toEqual(keys);
});

test("each place in the request is told once", () => {
  expect(readPastedError("messages.4: x messages.12.content.3 messages[7].content[1] messages.4: y").positions).toEqual(
    [{ message: 4 }, { message: 12, block: 3 }, { message: 7, block: 1 }],
  );
});

test("a person's own signature counts, of the table's strength by its severity", () => {
  const own = customSignature({ name: "own", pattern: "boom", severity: "error" });
  expect(readPastedError("boom", [own])).toEqual({ ...nothing, signature: "own" });
});

test("a text without any error tells nothing", () => {
  expect(readPastedError("")).toEqual(nothing);
  expect(readPastedError("why does my bot not answer?")).toEqual(nothing);
});

test("any text is taken, and the names that are read from it stand in it", () => {
  const part = fc.constantFrom(
    ...["toolu_0a", id, "agent:a:b", "lane=session:", "sessionId=", "messages.", "1", ".content.", " blocks with id: "],
    ...["`tool_result`", "tool_use_id", "'", '"', "\n", " ", "}", ",", "é", "\u0000", "{"],
  );
  const oddPart = fc.constantFrom("\\", "\u001b[31m", "[31m", "“", "\ud800", "\\u0000", "\\n", "\u200b", "> ");
  fc.assert(
    fc.property(fc.array(part), fc.array(fc.oneof(part, oddPart, fc.string({ unit: "binary" }))), (parts, oddParts) => {
      const text = parts.join("");
      const { toolIds, sessionIds, sessionKeys } = readPastedError(text);
      for (const name of [...toolIds, ...sessionIds, ...sessionKeys])
        expect(text.toLowerCase()).toContain(name.toLowerCase());
      const odd = readPastedError(oddParts.join(""));
      for (const list of [odd.toolIds, odd.sessionIds, odd.sessionKeys, odd.points])
        expect(new Set<string>(list).size).toBe(list.length);
    }),
    { numRuns: 400 },
  );
});

test("whatever a long text repeats, it is read in a time that grows with its length only", () => {
  const pieces = [
    ...["call_-", "call_a", "lane=session:", "sessionId=", `${id} `, `parentUuid=${id} `, "agent:a:", "sessionKey=a)"],
    ...[
      "\\",
      "\\n",
      '\\"',
      '"',
      "`",
      "> ",
      ">",
      ")]}",
      ".",
      "a.b/c-",
      "a",
      "_",
      "1",
      " ",
      "\n",
      "\u001b[",
      "\u001b[31m",
    ],
    ...["_result blocks: a,", "immediately after: ", "messages.1.content.2 ", 'FailoverError "is_error":true ', "[["],
    ...["error ", "session limit ", "tool_use_id tool_result ", '"tool_use_id":', "`tool_use` ids ", "timeout"],
    ...["JSON Parse error: Expected ", "agent:a:)".padEnd(600, ")"), "lane=session:)".padEnd(600, ")")],
  ];
  for (const piece of pieces) {
    const before = process.cpuUsage();
    readPastedError(piece.repeat(Math.ceil(2 ** 18 / piece.length)));
    expect(process.cpuUsage(before).user / 1000, JSON.stringify(piece)).toBeLessThan(1000);
  }
});

test("a megabyte is read within a second or two, and of more only its beginning", () => {
  const uuids = Array.from({ length: 28_000 }, (_, at) => `${at.toString(16).padStart(8, "0")}${id.slice(8)}`);
  const before = process.cpuUsage();
  expect(readPastedError(uuids.join(" ")).sessionIds).toHaveLength(28_000);
  expect(readPastedError(`${" ".repeat(2 ** 20)}toolu_0a`)).toEqual(nothing);
  expect(process.cpuUsage(before).user / 1000).toBeLessThan(3000);
});

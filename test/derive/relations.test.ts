import { expect, test } from "vitest";
import { gatherRelations, ownKeyIn, spawnsInRuns } from "../../src/derive/relations.ts";
import { sha256Of } from "../../src/disk/sha256.ts";

const [ID, OTHER] = ["6f0c1d6e-0f6e-4f9e-9a0b-3b1f2f6f8a11", "7f0c1d6e-0f6e-4f9e-9a0b-3b1f2f6f8a12"];
const CHILD = "agent:main:subagent:0b7e4a52-6d3c-4a58-8a4f-0d2a6f6b9c10";
const AT = "2026-11-20T16:00:00.000Z";

const user = (text: string) => ({
  type: "message",
  timestamp: AT,
  message: { role: "user", content: [{ type: "text", text }] },
});
const call = (name: string, args: object, id = "toolu_1") => ({
  type: "message",
  message: { role: "assistant", content: [{ type: "toolCall", id, name, arguments: args }] },
});
const result = (toolName: string, details: object, toolCallId = "toolu_1") => ({
  type: "message",
  timestamp: AT,
  message: { role: "toolResult", toolName, toolCallId, content: [{ type: "text", text: JSON.stringify(details) }] },
});

function told(...rows: object[]) {
  const relations = gatherRelations();
  for (const row of rows) relations.take(row as Record<string, unknown>);
  return relations.told();
}

const STATS = `Stats: runtime 5s \u2022 tokens 1k \u2022 sessionKey ${CHILD} \u2022 sessionId ${ID} \u2022 transcript /x`;
const ANNOUNCED = `A subagent task "count" just completed successfully.\n\nFindings:\nmade-up\n\n${STATS}\n\nSummarize this.`;
const EVENT =
  "OpenClaw runtime context (internal):\n\n[Internal task completion event]\nsource: subagent\n" +
  `session_key: ${CHILD}\nsession_id: ${ID}\ntype: subagent task\n\nmade-up`;

test.each([
  ["announces a task that is done", user(ANNOUNCED)],
  ["announces one under a stamp", user(`[Fri 2026-11-20 16:57 UTC] ${ANNOUNCED}`)],
  ["announces one as later releases do", user(EVENT)],
  ["lists sessions", result("sessions_list", { count: 1, sessions: [{ key: CHILD, sessionId: ID }] })],
])("the gateway tells a key where it %s", (_, row) => {
  expect(told(row).keys).toEqual(new Map([[ID, CHILD]]));
});

test.each([
  ["somebody types it", user(`look: ${ANNOUNCED}`)],
  ["somebody types a line of it", user(STATS)],
  [
    "the model writes it",
    { type: "message", message: { role: "assistant", content: [{ type: "text", text: EVENT }] } },
  ],
  ["another tool gives it", result("exec", { sessions: [{ key: CHILD, sessionId: ID }] })],
  ["it is no subagent's", user(EVENT.replace(CHILD, "agent:main:main"))],
  ["it is no row of a message", { type: "custom", message: "x" }],
])("nothing is told where %s", (_, row) => {
  expect(told(row)).toEqual({ keys: new Map(), spawns: [] });
});

test("what a subagent says does not count as what the gateway says of it", () => {
  const forged = ANNOUNCED.replace("made-up", STATS.replace(ID, OTHER).replace(CHILD, "agent:main:subagent:forged"));
  expect(told(user(forged)).keys).toEqual(new Map([[ID, CHILD]]));
});

test("an id with two keys has none", () => {
  const list = (key: string) => result("sessions_list", { sessions: [{ key, sessionId: ID }] });
  expect(told(list(CHILD), list("agent:main:main")).keys).toEqual(new Map());
});

test("a task that was given out is told by its words and its time", () => {
  const spawn = { childSessionKey: CHILD, taskSha256: sha256Of("count the fruit"), atMs: Date.parse(AT) };
  const accepted = { status: "accepted", childSessionKey: CHILD, runId: "r" };
  expect(
    told(call("sessions_spawn", { task: " count the fruit " }), result("sessions_spawn", accepted)).spawns,
  ).toEqual([spawn]);
  expect(told(result("sessions_spawn", accepted)).spawns).toEqual([]);
  const runs = { version: 2, runs: { r: { ...accepted, task: "count the fruit", createdAt: Date.parse(AT) } } };
  expect(spawnsInRuns(JSON.stringify(runs))).toEqual([spawn]);
  expect(spawnsInRuns("{oops")).toEqual([]);
});

test("a session that asks about itself is told its key", () => {
  const asks = call("session_status", {});
  const answer = result("session_status", { ok: true, sessionKey: "agent:main:main" });
  expect(ownKeyIn([asks, answer])).toBe("agent:main:main");
  expect(ownKeyIn([call("session_status", { sessionKey: CHILD }), answer])).toBeUndefined();
  expect(ownKeyIn([answer])).toBeUndefined();
  const other = [call("session_status", {}, "toolu_2"), result("session_status", { sessionKey: CHILD }, "toolu_2")];
  expect(ownKeyIn([asks, answer, ...other])).toBeUndefined();
});

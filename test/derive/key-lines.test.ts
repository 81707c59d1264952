import fc from "fast-check";
import { expect, test } from "vitest";
import { sessionKeysIn } from "../../src/derive/key-lines.ts";

const id = "6f0c1d6e-0f6e-4f9e-9a0b-3b1f2f6f8a11";
const runId = "5f0c1d6e-0f6e-4f9e-9a0b-3b1f2f6f8a11";
const key = "agent:main:telegram:group:-1002003004";
const diagnostic = `stuck session: sessionId=${id} sessionKey=${key} state=processing age=120s`;

test.each([
  ["a console line", [`2026-11-20T13:33:16.026Z [diagnostic] ${diagnostic}`]],
  ["a JSON line", [JSON.stringify({ 0: '{"subsystem":"diagnostic"}', 1: diagnostic, time: "2026-11-20T13:33:16Z" })]],
  ["a JSON line with the names as members", [JSON.stringify({ 1: { sessionId: id, sessionKey: key }, 2: "x" })]],
  ["a record of a cron run", [JSON.stringify({ ts: 1, jobId: "j", sessionId: id, sessionKey: key })]],
  ["a trace", [JSON.stringify({ traceSchema: "openclaw-trajectory", sessionId: id, sessionKey: key, data: {} })]],
  [
    "two lines of one run",
    [`embedded run timeout: runId=${runId} sessionId=${id} timeoutMs=1`, `x lane=session:${key} runId=${runId}`],
  ],
])("%s", (_, lines) => {
  expect(sessionKeysIn(lines)).toEqual(new Map([[id, key]]));
});

test.each([
  ["an unknown key", [`sessionId=${id} sessionKey=unknown`]],
  ["an unknown id", [`sessionId=unknown sessionKey=${key}`]],
  ["two keys of one id", [diagnostic, `sessionId=${id} sessionKey=agent:main:main`]],
  ["text within a trace's data", [JSON.stringify({ data: { sessionId: id, sessionKey: key } })]],
])("nothing is taken from %s", (_, lines) => {
  expect(sessionKeysIn(lines)).toEqual(new Map());
});

test("what stands behind the first names in a line does not count", () => {
  expect(sessionKeysIn([`${diagnostic} error="sessionId=other-id-1 sessionKey=agent:main:main"`])).toEqual(
    new Map([[id, key]]),
  );
});

test("any lines are read without an error", () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.string(), fc.json(), fc.constant(diagnostic))), (lines) => {
      sessionKeysIn(lines);
    }),
  );
});

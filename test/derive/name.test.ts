import { expect, test } from "vitest";
import { nameOf } from "../../src/derive/name.ts";

test.each([
  ["a1b2.jsonl", "a1b2", { sessionId: "a1b2" }],
  ["a1b2.jsonl", undefined, { sessionId: "a1b2" }],
  ["a1b2.jsonl", "of-another", { sessionId: "a1b2" }],
  ["a1b2-topic-7.jsonl", "a1b2", { sessionId: "a1b2", topic: "7" }],
  ["a1b2-topic-1700.01%3Ax.jsonl", "a1b2", { sessionId: "a1b2", topic: "1700.01:x" }],
  ["a1b2-topic-%E0.jsonl", "a1b2", { sessionId: "a1b2", topic: "%E0" }],
  ["on-topic-talk.jsonl", "on-topic-talk", { sessionId: "on-topic-talk" }],
  ["2026-11-20T16-57-36-143Z_a1b2.jsonl", "a1b2", { sessionId: "a1b2" }],
  ["-a.jsonl", undefined, {}],
  ["a1b2.txt", undefined, {}],
])("%s with the header's id %s", (fileName, headerId, expected) => {
  expect(nameOf(fileName, headerId)).toEqual(expected);
});

import { expect, test } from "vitest";
import type { Message } from "../../src/alert/message.ts";
import { enqueue, settleDelivered, takeWaiting } from "../../src/alert/queue.ts";
import type { AlertState, Channel } from "../../src/alert/state.ts";

const EMPTY: AlertState = { incidents: [], waiting: [], dropped: 0, warnedAt: {} };
const MINUTE = 60_000;

function aMessage(incident: string, more: Partial<Message> = {}): Message {
  return { incident, runId: `run-${incident}`, state: "open", title: incident, ...more } as Message;
}

function queue(...messages: Message[]): AlertState {
  return messages.reduce((state, message) => enqueue(state, [message], ["command", "webhook"], 0), EMPTY);
}

const incidentsOf = ({ waiting }: AlertState) => waiting.map(({ message }) => `${message.incident} ${message.state}`);

test("the end of an incident takes the place of its beginning, if that still waits", () => {
  const state = queue(aMessage("a"), aMessage("b"), aMessage("a", { state: "over", runId: "run-2" }));
  expect(incidentsOf(state)).toEqual(["b open", "a over"]);
});

test("what another run is delivering stays, and is left to it for a minute", () => {
  const { state, taken } = takeWaiting(queue(aMessage("a")), 1000);
  expect(taken).toHaveLength(1);
  expect(takeWaiting(state, 1000 + MINUTE - 1).taken).toEqual([]);
  expect(takeWaiting(state, 1000 + MINUTE).taken).toHaveLength(1);
  expect(takeWaiting(state, 0).taken).toHaveLength(1); // the clock was set back
  const over = enqueue(state, [aMessage("a", { state: "over", runId: "run-2" })], ["webhook"], 2000);
  expect(incidentsOf(over)).toEqual(["a open", "a over"]);
});

test("twenty wait at most; the oldest go, and are counted until one is delivered", () => {
  const state = queue(...Array.from({ length: 22 }, (_, index) => aMessage(String(index))));
  expect([state.waiting.length, state.dropped, state.waiting[0]?.message.incident]).toEqual([20, 2, "2"]);
  const { state: next, taken } = takeWaiting(state, 0);
  expect(settleDelivered(next, taken, new Map()).dropped).toBe(2);
  const delivered = new Map([["run-2/0", new Set<Channel>(["webhook"])]]);
  expect(settleDelivered(next, taken, delivered)).toMatchObject({ dropped: 0, waiting: { length: 20 } });
});

test("what was delivered on one way waits for the other, and what was not is free for the next run", () => {
  const { state, taken } = takeWaiting(queue(aMessage("a"), aMessage("b")), 0);
  const delivered = new Map<string, Set<Channel>>([
    ["run-a/0", new Set(["webhook"])],
    ["run-b/0", new Set(["webhook", "command"])],
  ]);
  const left = settleDelivered(state, taken, delivered);
  expect(left.waiting).toMatchObject([{ message: { incident: "a" }, to: ["command"], leaseUntil: 0 }]);
});

test("a way that is not configured any more is not waited for", () => {
  const state = queue(aMessage("a"));
  expect(enqueue(state, [], ["webhook"], 0).waiting).toMatchObject([{ to: ["webhook"] }]);
  expect(enqueue(state, [], [], 0).waiting).toEqual([]);
});

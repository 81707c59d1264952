import { expect, test } from "vitest";
import { routeOf } from "../../src/derive/route.ts";

const shown = { kind: "group", channel: "telegram", to: "telegram:-1", thread: "7" } as const;
const saved = {
  deliveryContext: { channel: "telegram", to: "telegram:-1", accountId: "work" },
  lastChannel: "telegram",
  lastTo: "telegram:-1",
  lastAccountId: "work",
  origin: { label: "x" },
};

test("the session's own older entry tells the route", () => {
  expect(routeOf(shown, { ...saved, model: "m" })).toEqual({ fields: saved, from: "backup" });
  expect(routeOf(undefined, saved)).toEqual({ fields: saved, from: "backup" });
});

test("an address that every message shows is the route", () => {
  expect(routeOf(shown, undefined)).toEqual({
    fields: {
      deliveryContext: { channel: "telegram", to: "telegram:-1", threadId: 7 },
      lastChannel: "telegram",
      lastTo: "telegram:-1",
      lastThreadId: 7,
    },
    from: "rows",
  });
});

test("where the conversation moved since, the older entry does not count", () => {
  expect(routeOf({ ...shown, to: "telegram:-2" }, saved)).toMatchObject({
    fields: { lastTo: "telegram:-2" },
    from: "rows",
  });
});

test("with several accounts no transcript tells the route", () => {
  expect(routeOf(shown, undefined, { severalAccounts: ["telegram"] })).toEqual({ fields: {}, from: "none" });
});

test.each([[undefined], [{ kind: "direct", channel: "telegram" }], [{ kind: "direct", to: "x" }]] as const)(
  "%j is not enough",
  (given) => {
    expect(routeOf(given, {})).toEqual({ fields: {}, from: "none" });
  },
);

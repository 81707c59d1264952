import fc from "fast-check";
import { expect, test } from "vitest";
import { readAgents, readBindings } from "../../src/routing/bindings.ts";
import { routeOf } from "../../src/routing/route.ts";
import { readRouting } from "../../src/routing/routing.ts";
import { UnknownValue } from "../../src/routing/unknown-value.ts";
import { give, received } from "./configurations.ts";

test("every part of a match, trimmed; what is left out", () => {
  const match = {
    channel: " Telegram ",
    accountId: " Work ",
    peer: { kind: "DM", id: " 700 " },
    guildId: "1",
    teamId: "2",
    roles: ["r"],
  };
  const { routes, isRefused } = readBindings({ bindings: [give("Ops", match), give("main", { channel: "slack" })] });
  expect(isRefused).toBe(false);
  expect(routes).toEqual([
    {
      ...{ agentId: "Ops", channel: "telegram", account: "Work", peer: { kind: "direct", id: "700" } },
      ...{ guildId: "1", teamId: "2", roles: ["r"] },
    },
    { ...{ agentId: "main", channel: "slack", account: "", peer: null, guildId: "", teamId: "", roles: null } },
  ]);
});

test.each([
  ["no list", { bindings: {} }],
  ["nothing", { bindings: [null] }],
  ["no match", { bindings: [{ agentId: "main" }] }],
  ["an unknown type", { bindings: [give("main", { channel: "x" }, { type: "other" })] }],
  ["a peer without an id", { bindings: [give("main", { channel: "x", peer: { kind: "group" } })] }],
  ["roles that are none", { bindings: [give("main", { channel: "x", roles: "r1" })] }],
])("the gateway refuses %s", (_what, root) => {
  expect(readBindings(root).isRefused).toBe(true);
});

test("the default agent: the first with the flag, else the first, else main", () => {
  const fallback = (agents: unknown) => readAgents({ agents }).fallback;
  expect(fallback({ list: [{ id: "a" }, { id: "B", default: true }, { id: "c", default: true }] })).toBe("b");
  expect(fallback({ list: [{ id: "a" }, { id: "b" }] })).toBe("a");
  expect(fallback({ entries: { a: {}, b: { default: true } } })).toBe("b");
  expect([fallback(undefined), fallback({ list: [] }), fallback("?")]).toEqual(["main", "main", "main"]);
  expect(fallback({ list: [{ id: new UnknownValue("X") }] })).toBeInstanceOf(UnknownValue);
});

test("values of any type are taken, and told of as refused or left out", () => {
  const anything = fc.anything({ maxDepth: 4 });
  const root = fc.record({
    bindings: fc.array(fc.record({ agentId: anything, match: anything })),
    agents: anything,
    session: anything,
    channels: anything,
    broadcast: anything,
  });
  fc.assert(
    fc.property(root, fc.dictionary(fc.string(), anything), fc.string(), (config, entry, key) => {
      for (const one of [key, `agent:main:${key}`, "agent:main:telegram:group:-1"]) {
        expect(["told", "doubtful", "none"]).toContain(
          routeOf({ agent: "main", key: one, entry }, readRouting(config)).is,
        );
      }
      expect(routeOf(received("main", "telegram:group:-1"), readRouting(config)).is).not.toBe("none");
    }),
  );
});

import { expect, test } from "vitest";
import { accountsOf, readRouting } from "../../src/routing/routing.ts";
import { give } from "./configurations.ts";

test("which rules count, by the release", () => {
  const rules = (version?: string) => readRouting({}, version === undefined ? {} : { version }).rules;
  expect(rules("2026.1.24-3")).toEqual(["first"]);
  expect(rules("2026.2.9")).toEqual(["first"]);
  expect(rules("2026.2.17")).toEqual(["first", "scoped"]);
  expect(rules("2026.4.15")).toEqual(["scoped"]);
  expect(rules("2026.6.11")).toEqual(["scoped"]);
  expect(rules()).toEqual(["first", "scoped"]);
});

test("nothing can be told without a configuration, or of one that the gateway refuses", () => {
  expect(readRouting(undefined).problem).toContain("not there");
  expect(readRouting({ bindings: [7] }).problem).toContain("shape");
  expect(readRouting({ routing: { defaultAgentId: "work" } }).problem).toContain("old section");
  expect(readRouting({}, { problem: "a file is missing" }).problem).toBe("a file is missing");
  expect(readRouting({}).problem).toBeUndefined();
});

test("accounts come from the channel's settings and from bindings", () => {
  const bindings = [
    give("a", { channel: "telegram", accountId: "Third" }),
    give("a", { channel: "telegram", accountId: "*" }),
  ];
  const routing = readRouting({ bindings, channels: { telegram: { accounts: { Second: {} } } } });
  expect(accountsOf("telegram", routing)).toEqual(["default", "second", "third"]);
  expect(accountsOf("slack", routing)).toEqual(["default"]);
});

test("links are folded; names that differ in capitals are one", () => {
  const { links } = readRouting({
    session: { identityLinks: { Ann: ["Telegram:700 "], ann: ["701", 7], " ": ["x"], ben: "700" } },
  });
  expect([...links]).toEqual([["ann", ["telegram:700", "701"]]]);
});

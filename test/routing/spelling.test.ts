import { expect, test } from "vitest";
import { spellingOf } from "../../src/routing/spelling.ts";

test.each([
  ["-1001", "telegram", [], { id: "-1001", isExact: true }],
  ["-1001:topic:7", "telegram", [], { id: "-1001:topic:7", isExact: true }],
  ["c0ab", "slack", [], { id: "C0AB", isExact: true }],
  [`u${"4a".repeat(16)}`, "line", [], { id: `U${"4a".repeat(16)}`, isExact: true }],
  ["61@g.us", "whatsapp", [], { id: "61@g.us", isExact: true }],
  ["AbC=", "signal", [], { id: "AbC=", isExact: true }],
  ["!ab:example.org", "matrix", ["room:!Ab:example.org"], { id: "!Ab:example.org", isExact: true }],
  ["!ab:example.org", "matrix", ["room:!ab:example.org"], { id: "!ab:example.org", isExact: false }],
  ["ann", "msteams", ["user:Anna"], { id: "ann", isExact: false }],
  ["ann", undefined, [], { id: "ann", isExact: false }],
])("%s of %s, with %j", (id, channel, evidence, expected) => {
  expect(spellingOf(id, channel, evidence)).toEqual(expected);
});

import { expect, test } from "vitest";
import { checkOpenClaw, type OpenClawFacts } from "../../src/setup/openclaw-checks.ts";
import type { OpenClawSettings } from "../../src/setup/openclaw-settings.ts";
import { saidBy } from "../support/checks.ts";

const DAY = 86_400_000;
const good: OpenClawSettings = { contextTokens: 100_000, pruningMode: "cache-ttl", reserveTokensFloor: 25_000 };
const facts: OpenClawFacts = {
  home: "/h/.openclaw",
  era: { era: "F2", version: "2026.4.15", because: "the configured version" },
  hasRegistries: true,
  configPath: "/h/.openclaw/openclaw.json",
  settings: good,
};
const said = (over: Partial<OpenClawFacts>) => saidBy(checkOpenClaw({ ...facts, ...over }, { inactiveForMs: 5 * DAY }));
const settings = (over: OpenClawSettings) => said({ settings: { ...good, ...over } });

test("settings as the guides have them are well", () => {
  expect(said({})).toEqual(["openclaw-known ok", "context-bounded ok"]);
});

test.for([
  { over: { contextTokens: 100_001 }, kind: "context-large advice" },
  { over: { pruningMode: "off" }, kind: "pruning-off advice" },
  { over: { reserveTokensFloor: 24_999 }, kind: "reserve-small advice" },
])("$over: $kind", ({ over, kind }) => {
  expect(settings(over)).toEqual(["openclaw-known ok", kind]);
});

test("nothing set is all three", () => {
  expect(said({ settings: {} })).toEqual([
    "openclaw-known ok",
    "context-large advice",
    "pruning-off advice",
    "reserve-small advice",
  ]);
});

test.for([
  { over: { maintenanceMode: "enforce", pruneAfterMs: 5 * DAY - 1 }, kind: "pruner-first warning" },
  { over: { maintenanceMode: "enforce", pruneAfterMs: 5 * DAY }, kind: "pruner-leads ok" },
  { over: { maintenanceMode: "enforce" }, kind: "pruner-leads ok" },
  { over: { maintenanceMode: "enforce", maxDiskBytes: 1 }, kind: "disk-budget advice" },
])("two pruners: $over", ({ over, kind }) => {
  expect(settings(over)).toContain(kind);
});

test("one that only warns prunes nothing", () => {
  expect(settings({ maintenanceMode: "warn", pruneAfterMs: DAY, maxDiskBytes: 1 })).toHaveLength(2);
});

test("an unknown release, SQLite, and a configuration that cannot be read whole", () => {
  expect(said({ era: { era: "unknown", because: "" } })).toContain("openclaw-unknown warning");
  expect(said({ era: { era: "unknown", because: "" }, hasRegistries: false })).toContain("openclaw-unused ok");
  expect(said({ era: { era: "S", because: "" }, settings: {} })).toEqual(["openclaw-sqlite ok"]);
  expect(said({ problem: "it is no JSON5", settings: {} })).toEqual([
    "openclaw-known ok",
    "openclaw-config-unread warning",
  ]);
});

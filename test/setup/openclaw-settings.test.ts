import { expect, test } from "vitest";
import { openClawSettings } from "../../src/setup/openclaw-settings.ts";

const DAY = 86_400_000;

test("what bears on sessions is read", () => {
  const root = {
    agents: {
      defaults: {
        contextTokens: 100_000,
        contextPruning: { mode: "cache-ttl", keepLastAssistants: 50 },
        compaction: { reserveTokensFloor: 25_000 },
      },
    },
    session: { maintenance: { mode: "enforce", pruneAfter: "12h", maxEntries: 500, maxDiskBytes: "2gb" } },
  };
  expect(openClawSettings(root)).toEqual({
    contextTokens: 100_000,
    pruningMode: "cache-ttl",
    keepLastAssistants: 50,
    reserveTokensFloor: 25_000,
    maintenanceMode: "enforce",
    pruneAfterMs: DAY / 2,
    maxEntries: 500,
    maxDiskBytes: 2_000_000_000,
  });
});

test.for([
  { maintenance: { pruneAfter: 3 }, pruneAfterMs: 3 * DAY },
  { maintenance: { pruneDays: 14 }, pruneAfterMs: 14 * DAY },
  { maintenance: { pruneAfter: "7" }, pruneAfterMs: 7 * DAY },
  { maintenance: { pruneAfter: "soon" }, pruneAfterMs: undefined },
])("a period: $maintenance", ({ maintenance, pruneAfterMs }) => {
  expect(openClawSettings({ session: { maintenance } }).pruneAfterMs).toBe(pruneAfterMs);
});

test.for([undefined, null, 3, "x", [], { agents: [] }, { agents: { defaults: null }, session: "x" }])(
  "what is ill-formed is left out: %j",
  (root) => {
    expect(openClawSettings(root)).toEqual({});
  },
);

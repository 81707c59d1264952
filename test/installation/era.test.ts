import { expect, test } from "vitest";
import {
  decideEra,
  type EraWitness,
  eraOfVersion,
  evictsForeignOwners,
  registryLocking,
} from "../../src/installation/era.ts";

test.for([
  ["2026.1.24-3", "F1"],
  ["2026.2.9", "F1"],
  ["2026.2.16", "F1"],
  ["2026.2.17", "F2"],
  ["2026.4.29", "F2"],
  ["2026.4.30", "F3a"],
  ["2026.5.2", "F3a"],
  ["2026.5.7", "F3a"],
  ["2026.5.8", "F3b"],
  ["2026.6.11", "F3b"],
  ["2026.7.1", "F3b"],
  ["2026.7.2-beta.1", "S"],
  ["2026.7.33", "F3b"],
  ["2026.7.35", "F3b"],
  ["v2026.7.35", "F3b"],
  ["2026.8.1", "S"],
  ["2026.9.6", "S"],
  ["2027.1.1", "S"],
  ["2025.12.1", "F1"],
  ["1.0.44", undefined],
  ["latest", undefined],
] as const)("release %s is of era %s", ([version, era]) => {
  expect(eraOfVersion(version)).toBe(era);
});

const witness = (source: EraWitness["source"], era: EraWitness["era"], atLeast = false): EraWitness => ({
  source,
  era,
  ...(atLeast ? { atLeast } : {}),
});

test.for([
  { when: "nothing tells", witnesses: [], era: "unknown" },
  { when: "only a lower bound tells", witnesses: [witness("disk", "F2", true)], era: "unknown" },
  { when: "the configuration file tells", witnesses: [witness("lastTouched", "F1")], era: "F1" },
  { when: "two disagree", witnesses: [witness("lastTouched", "F1"), witness("path", "F3b")], era: "F3b" },
  {
    when: "the running gateway contradicts the PATH",
    witnesses: [witness("gateway", "F2"), witness("path", "S")],
    era: "F2",
  },
  {
    when: "another package was put in the place of the running gateway's",
    witnesses: [witness("gateway", "F2"), witness("lastTouched", "F3b")],
    era: "F3b",
  },
  {
    when: "the running gateway is newer than the configuration file",
    witnesses: [witness("gateway", "F3b"), witness("lastTouched", "F2")],
    era: "F3b",
  },
  {
    when: "the person says so beside a gateway of that release",
    witnesses: [witness("configured", "F2"), witness("lastTouched", "F3b"), witness("gateway", "F2")],
    era: "F2",
  },
  {
    when: "the running gateway is newer than what the person says",
    witnesses: [witness("configured", "F1"), witness("gateway", "F3b")],
    era: "F3b",
  },
  {
    when: "the person says that it is newer than its package",
    witnesses: [witness("configured", "F3b"), witness("gateway", "F2")],
    era: "F3b",
  },
  { when: "the person says so", witnesses: [witness("configured", "F1"), witness("lastTouched", "F2")], era: "F1" },
  {
    when: "the disk shows a later release",
    witnesses: [witness("lastTouched", "F1"), witness("disk", "F2", true)],
    era: "F2",
  },
  {
    when: "the disk shows an earlier one",
    witnesses: [witness("lastTouched", "F3b"), witness("disk", "F2", true)],
    era: "F3b",
  },
  { when: "the databases hold sessions", witnesses: [witness("configured", "F1"), witness("disk", "S")], era: "S" },
])("when $when, the era is $era", ({ witnesses, era }) => {
  expect(decideEra(witnesses).era).toBe(era);
});

test("a registry without a lock is edited only while no gateway runs, and SQLite's never", () => {
  const eras = ["F1", "F2", "F3a", "F3b", "unknown", "S"] as const;
  expect(eras.map(registryLocking)).toEqual([
    "locked",
    "locked",
    "gateway-down",
    "gateway-down",
    "gateway-down",
    "never",
  ]);
  expect(eras.map(evictsForeignOwners)).toEqual([false, false, false, true, true, false]);
});

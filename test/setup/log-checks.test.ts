import { expect, test } from "vitest";
import { checkLogs } from "../../src/setup/log-checks.ts";
import type { LogFact } from "../../src/setup/log-facts.ts";
import { saidBy } from "../support/checks.ts";

const NOW = Date.parse("2026-05-01");
const HOUR = 3_600_000;
const file = (idleHours: number): LogFact => ({
  source: "/l",
  isConfigured: true,
  state: "readable",
  path: "/l",
  sizeBytes: 1,
  mtimeMs: NOW - idleHours * HOUR,
});
const said = (logs: LogFact[], isUp = false) => saidBy(checkLogs(logs, true, isUp, NOW));

test("no log is a warning where a gateway lives, and nothing where there is none at all", () => {
  expect(said([])).toEqual(["log-none advice"]);
  expect(said([], true)).toEqual(["log-none warning"]);
  expect(checkLogs([], false, false, NOW)).toEqual([]);
});

test("a log of a gateway that lives grows; one of many is enough", () => {
  expect(said([file(25)], true)).toEqual(["log-readable ok", "log-quiet warning"]);
  expect(said([file(25)], false)).toEqual(["log-readable ok"]);
  expect(said([file(25), file(23)], true)).toEqual(["log-readable ok", "log-readable ok"]);
});

test.for([
  { fact: { state: "unreadable", path: "/l", errno: "EACCES" }, kind: "log-unreadable error" },
  { fact: { state: "missing" }, kind: "log-missing warning" },
  { fact: { state: "journal", hasLines: true }, kind: "journal-readable ok" },
  { fact: { state: "journal", hasLines: false }, kind: "journal-silent warning" },
  { fact: { state: "journal-failed", says: "no" }, kind: "journal-failed error" },
] as const)("$kind", ({ fact, kind }) => {
  expect(said([{ source: "journal:x", isConfigured: true, ...fact }])).toEqual([kind]);
});

test("a usual place without a log is no mistake of the person", () => {
  expect(said([{ source: "/tmp/x", isConfigured: false, state: "missing" }])).toEqual(["log-missing advice"]);
});

import { expect, test } from "vitest";
import { alertRules } from "../../src/metrics/alert-rules.ts";
import { FAMILIES } from "../../src/metrics/families.ts";
import { checkRules, hasPromtool } from "../support/promtool.ts";

test("the rules are about metrics that there are", () => {
  const used = new Set(alertRules().match(/session_keeper_\w+/g));
  const known = new Set(FAMILIES.map(({ name }) => name));
  expect([...used].filter((name) => !known.has(name))).toEqual([]);
  expect(used.size).toBeGreaterThan(8);
});

test.skipIf(!hasPromtool)("Prometheus's own checker takes them", () => {
  const count = alertRules().match(/^ {6}- alert:/gm)?.length;
  expect(checkRules(alertRules())).toMatchObject({
    status: 0,
    said: expect.stringContaining(`SUCCESS: ${count} rules found`),
  });
  expect(checkRules(alertRules().replace("> 0", "> ")).status).not.toBe(0);
});

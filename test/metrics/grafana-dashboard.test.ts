import { expect, test } from "vitest";
import { FAMILIES } from "../../src/metrics/families.ts";
import { grafanaDashboard } from "../../src/metrics/grafana-dashboard.ts";
import { checkRules, hasPromtool } from "../support/promtool.ts";

type Panel = {
  id: number;
  type: string;
  datasource: unknown;
  gridPos: { x: number; y: number; w: number; h: number };
  targets: { refId: string; expr: string; datasource: unknown }[];
};
const dashboard = JSON.parse(grafanaDashboard());
const panels: Panel[] = dashboard.panels;
const expressions = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));

test("it can be imported as it is: one data source is asked for, and everything takes that one", () => {
  expect(dashboard.__inputs).toMatchObject([{ name: "DS_PROMETHEUS", type: "datasource", pluginId: "prometheus" }]);
  expect(dashboard).toMatchObject({ uid: "session-keeper", title: "session-keeper", schemaVersion: 37 });
  const sources = [...panels, ...panels.flatMap(({ targets }) => targets), ...dashboard.templating.list];
  for (const { datasource } of sources)
    expect(datasource).toEqual({ type: "prometheus", uid: `\${${dashboard.__inputs[0].name}}` });
  const required = dashboard.__requires.filter(({ type }: { type: string }) => type === "panel");
  expect(required.map(({ id }: { id: string }) => id).sort()).toEqual(
    [...new Set(panels.map(({ type }) => type))].sort(),
  );
});

test("its panels lie beside one another, within the width", () => {
  const taken = new Set<string>();
  for (const { gridPos } of panels) {
    expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1)
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
        expect(taken.has(`${x} ${y}`)).toBe(false);
        taken.add(`${x} ${y}`);
      }
  }
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
});

test("it shows the metrics that there are, and no other", () => {
  const used = new Set(expressions.join(" ").match(/session_keeper_\w+/g));
  const names = FAMILIES.map(({ name }) => name);
  expect([...used].filter((name) => !names.includes(name))).toEqual([]);
  expect(names.filter((name) => !used.has(name))).toEqual([]);
});

test.skipIf(!hasPromtool)("Prometheus understands what it asks", () => {
  const filled = expressions.map((expr) => expr.replace(/\$\w+/g, ".*"));
  const rules = filled.map((expr, index) => `      - record: panel:${index}\n        expr: ${JSON.stringify(expr)}\n`);
  const { status, said } = checkRules(`groups:\n  - name: panels\n    rules:\n${rules.join("")}`);
  expect([status, said]).toEqual([0, expect.stringContaining(`SUCCESS: ${expressions.length} rules found`)]);
});

import { expect, test } from "vitest";
import { chart } from "../../src/report/chart.ts";

const series = { name: "size", tell: (value: number) => `${value} B` };
const HOUR = 3_600_000;

test("one point, or several of one moment, are no picture", () => {
  expect(chart({ ...series, points: [{ at: 0, value: 1 }] })).toBeUndefined();
  expect(
    chart({
      ...series,
      points: [
        { at: 5, value: 1 },
        { at: 5, value: 2 },
      ],
    }),
  ).toBeUndefined();
});

test("a line goes from the oldest point at the left to the newest at the right, and words say the same", () => {
  const { html } = chart({
    ...series,
    points: [
      { at: 0, value: 0 },
      { at: HOUR, value: 50 },
      { at: 2 * HOUR, value: 100 },
    ],
  }) ?? { html: "" };
  expect(html).toContain('d="M2 95H160V54.5H318V14"');
  expect(html).toContain("size: 100 B, at most 100 B since 1970-01-01 00:00");
});

test.for([
  { limit: 200, isDrawn: true },
  { limit: 399, isDrawn: true },
  { limit: 400, isDrawn: false },
])("a limit of $limit above a value of 100 is drawn where it is not far off: $isDrawn", ({ limit, isDrawn }) => {
  const points = [
    { at: 0, value: 10 },
    { at: HOUR, value: 100 },
  ];
  expect(chart({ ...series, points, limit })?.html.includes('class="limit"')).toBe(isDrawn);
});

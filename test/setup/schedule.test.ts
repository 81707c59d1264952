import { expect, test } from "vitest";
import { longestGap, parseSchedule } from "../../src/setup/schedule.ts";

test.for([
  { text: "3-59/5 * * * *", starts: 288, first: 3, gap: 5 },
  { text: "*/5 * * * *", starts: 288, first: 0, gap: 5 },
  { text: "22 */6 * * *", starts: 4, first: 22, gap: 360 },
  { text: "0,30 1-2 * * *", starts: 4, first: 60, gap: 22.5 * 60 },
  { text: "@hourly", starts: 24, first: 0, gap: 60 },
  { text: "50 23 * * *", starts: 1, first: 1430, gap: 1440 },
  { text: "0 0 * * 1-5", starts: 1, first: 0, gap: Number.POSITIVE_INFINITY },
])("$text: every $gap minutes at the most", ({ text, starts, first, gap }) => {
  const schedule = parseSchedule(text) ?? { minutes: [], everyDay: false };
  expect(schedule.minutes.length).toBe(starts);
  expect(schedule.minutes[0]).toBe(first);
  expect(longestGap(schedule)).toBe(gap);
});

test.for(["@reboot", "60 * * * *", "* 24 * * *", "* * * *", "a * * * *", "*/0 * * * *", "5-3 * * * *"])(
  "%s has no times",
  (text) => {
    expect(parseSchedule(text)).toBeUndefined();
  },
);

import { expect, test } from "vitest";
import { cronLines } from "../../src/setup/cron-lines.ts";

test("no two commands begin in the same minute", () => {
  const minutes = cronLines("session-keeper").flatMap((line) => minutesOf(line.split(" ")[0] ?? ""));
  expect(new Set(minutes).size).toBe(minutes.length);
});

function minutesOf(field: string): number[] {
  const [, from, step] = /^(\d+)-59\/(\d+)$/.exec(field) ?? [];
  if (from === undefined) return [Number(field)];
  return Array.from({ length: 60 }, (_, minute) => minute).filter(
    (minute) => minute >= Number(from) && (minute - Number(from)) % Number(step) === 0,
  );
}

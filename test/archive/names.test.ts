import { expect, test } from "vitest";
import { archiveName } from "../../src/archive/names.ts";

const of = {
  dialect: "openclaw",
  group: "main",
  sessionId: "6f0c",
  reason: "size",
  at: new Date("2026-11-20T16:55:01.987Z"),
} as const;

test("an archive's name tells dialect, agent, session, time and reason, and a taken name gets a number", () => {
  expect(archiveName({ ...of, attempt: 1 })).toBe("openclaw/main/6f0c.20261120T165501Z.size.jsonl.gz");
  expect(archiveName({ ...of, attempt: 2 })).toBe("openclaw/main/6f0c.20261120T165501Z-2.size.jsonl.gz");
});

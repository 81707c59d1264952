import { expect, test } from "vitest";
import { isMendedByCommand, remedyFor } from "../../src/report/mending.ts";

test("a remedy is the command that mends it, in the same places", () => {
  const finding = { kind: "lock-directory", evidence: {} } as const;
  expect(isMendedByCommand(finding)).toBe(true);
  expect(remedyFor(finding, " -i jarvis")).toBe("session-keeper clean-locks -i jarvis");
});

test("what no command mends is explained: a lock directory in which something lies stays", () => {
  const finding = { kind: "lock-directory", evidence: { isFilled: true } } as const;
  expect(isMendedByCommand(finding)).toBe(false);
  expect(remedyFor(finding, " -i jarvis")).toBe("session-keeper explain lock-directory");
});

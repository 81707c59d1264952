import { expect, test } from "vitest";
import { sessionInNote } from "../../src/derive/session-notes.ts";

const id = "6f0c1d6e-0f6e-4f9e-9a0b-3b1f2f6f8a11";
const note = (time: string, key: string) =>
  `# Session: ${time}\n\n- **Session Key**: ${key}\n- **Session ID**: ${id}\n- **Source**: telegram\n\n## Conversation Summary\n`;

test.each([
  [note("2026-02-09 12:00:00 UTC", "agent:main:telegram:direct:700"), "agent:main:telegram:direct:700"],
  [note("2026-06-11 14:00:00 CEST", "main"), "main"],
])("a note of the gateway's hook names a session", (text, sessionKey) => {
  expect(sessionInNote(text)).toEqual({ sessionId: id, sessionKey });
});

test.each([
  "",
  `About sessions\n${note("2026-02-09", "main")}`,
  note("2026-02-09", "main").replace(id, "unknown"),
  "# Session: of today\n\nWe spoke of fruit.\n",
])("any other text names none: %j", (text) => {
  expect(sessionInNote(text)).toBeUndefined();
});

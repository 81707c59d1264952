import { expect, test } from "vitest";
import { openclaw } from "../../src/dialects/openclaw.ts";

const AT = "2026-02-09T12:00:00.000Z";
const reply = (more: object) => ({
  type: "message",
  timestamp: AT,
  message: { role: "assistant", provider: "openclaw", stopReason: "stop", content: [], ...more },
});

test("a model's reply shows that the session works", () => {
  expect(openclaw.repliedAt(reply({ model: "claude-opus-4-5" }))).toBe(Date.parse(AT));
});

test.each([
  ["the gateway delivered for another program", { model: "delivery-mirror" }],
  ["the gateway wrote itself", { model: "gateway-injected" }],
  ["failed", { model: "claude-opus-4-5", stopReason: "error" }],
  ["carries an error", { model: "claude-opus-4-5", errorMessage: "400" }],
])("one that %s does not", (_, more) => {
  expect(openclaw.repliedAt(reply(more))).toBeUndefined();
});

import { expect, test } from "vitest";
import { logrotateLines } from "../../src/setup/logrotate.ts";

test("a path is told so that logrotate takes it for one word", () => {
  const lines = logrotateLines({ file: '/var/log/our "own" log', user: "jarvis", group: "bots" });
  expect(lines).toContain('"/var/log/our \\"own\\" log" {');
  expect(lines).toContain("    create 0600 jarvis bots");
});

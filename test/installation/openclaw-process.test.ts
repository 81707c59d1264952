import { expect, test } from "vitest";
import { isOpenClaw } from "../../src/installation/openclaw-process.ts";

test.for([
  [["openclaw-gateway"], true],
  [["openclaw gateway run"], true],
  [["node", "/usr/lib/node_modules/clawdbot/clawdbot.mjs", "gateway"], true],
  [["node", "dist/index.js", "gateway", "--bind", "lan"], true],
  [["node", "dist/index.js"], false],
  [["node", "/srv/my-openclaw-plugin/index.js"], false],
  [[], false],
] as const)("whether %j is OpenClaw", ([argv, is]) => {
  expect(isOpenClaw(argv)).toBe(is);
});

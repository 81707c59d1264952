import { expect, onTestFinished, test } from "vitest";
import { loadSettings } from "../../src/config/load.ts";
import { discover } from "../../src/installation/discover.ts";
import { lockRulesOf } from "../../src/installation/lock-rules.ts";
import { NO_CONTAINER, startContainer } from "../support/container.ts";
import { makeHome } from "../support/home.ts";
import { scratchSurroundings } from "../support/surroundings.ts";

test("an owner is looked for in containers, once, where pids are foreign, and nowhere else", async ({ skip }) => {
  const home = makeHome();
  onTestFinished(home.remove);
  const surroundings = scratchSurroundings({ PATH: process.env.PATH });
  const settings = await loadSettings({ openclawHome: home.openclaw, claudeHome: home.claude }, surroundings);
  const [asked] = settings.installations;
  if (!asked) throw new Error("there is always one installation");
  const installation = await discover(asked, surroundings, "locks");
  const container = await startContainer({ volumes: { "/home/node/.openclaw": home.openclaw } });
  if (!container) return skip(NO_CONTAINER);
  const foreign = lockRulesOf(installation, settings, { foreignPids: true });
  expect(foreign).toMatchObject({ minAgeMs: 30_000, unknownOwnerAgeMs: 1_800_000, foreignPids: true });
  expect(foreign.innerProcesses().get(container.inner)).toEqual([container.pid]);
  await container.stop();
  expect(foreign.innerProcesses().get(container.inner)).toEqual([container.pid]);
  expect(lockRulesOf(installation, settings, { foreignPids: false }).innerProcesses().size).toBe(0);
});

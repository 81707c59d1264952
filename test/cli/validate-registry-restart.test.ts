import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { configure } from "../support/configure.ts";
import { type Home, makeHome, readRegistryOf, writeRegistry } from "../support/home.ts";
import { keeperJson } from "../support/keeper.ts";
import { A_SESSION_EACH, actionsOf, addTalk, configureGateway, entryFor, registryPath } from "../support/validate.ts";

let home: Home;
let end: () => Promise<unknown>;
beforeEach(async () => {
  home = makeHome({ version: "2026.4.15" });
  configureGateway(home, A_SESSION_EACH);
  // one of a release that shares its registry, so that it may run
  const gateway = spawn(process.execPath, ["-e", "setTimeout(() => {}, 60000)", "openclaw", "gateway"], {
    env: { ...process.env, OPENCLAW_STATE_DIR: home.openclaw },
  });
  await once(gateway, "spawn");
  end = () => {
    gateway.kill();
    return once(gateway, "close");
  };
});
afterEach(async () => {
  await end();
  home.remove();
});

function breakRegistry(): void {
  writeRegistry(home, { "agent:main:main": entryFor(addTalk(home)) });
  writeFileSync(registryPath(home), "");
}

function repair(args: readonly string[], ...more: string[]) {
  return keeperJson(["validate-registry", "--repair", ...args, ...more]);
}

test("a registry that is restored under a gateway that had read it broken: a restart is advised, and done if it may be", async () => {
  const { args, restarts } = configure(home);
  breakRegistry();
  const advised = await repair(args);
  expect(advised.installations[0]?.spared).toMatchObject([{ because: "restart-advised" }]);
  expect(advised.installations[0]?.spared[0]?.message).toContain("--restart");
  expect([Object.keys(readRegistryOf(home)).length, restarts()]).toEqual([1, 0]);
  writeFileSync(registryPath(home), "");
  const done = await repair(args, "--restart");
  expect(actionsOf(done).map(({ kind, result }) => `${kind} ${result}`)).toEqual([
    "edit-registry done",
    "restart-gateway done",
  ]);
  expect([done.status, restarts()]).toEqual([0, 1]);
  expect(Object.keys(readRegistryOf(home)).length).toBe(1);
});

test("where no restart command is configured, that is said", async () => {
  breakRegistry();
  const report = await repair(home.args, "--restart");
  expect(report.installations[0]?.spared).toMatchObject([{ because: "no-restart-command" }]);
});

test("a repair that such a gateway notices by itself asks for no restart", async () => {
  const { args, restarts } = configure(home);
  writeRegistry(home, {});
  addTalk(home);
  const report = await repair(args, "--restart");
  expect(actionsOf(report).map(({ kind, result }) => `${kind} ${result}`)).toEqual(["edit-registry done"]);
  expect([report.installations[0]?.spared, restarts()]).toEqual([[], 0]);
});

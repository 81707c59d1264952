import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { readGatewayConfig } from "../../src/installation/gateway-config.ts";
import { type Route, routeOf } from "../../src/routing/route.ts";
import { readRouting } from "../../src/routing/routing.ts";
import { writeRandomConfig } from "../support/random-config.ts";
import { randomRoutingCase, sessionFor, withLess } from "../support/random-routing.ts";
import { type InstalledOpenClaw, installOpenClaw } from "./packages.ts";
import type { Routed } from "./route-messages.ts";
import { copyState, runScript } from "./state.ts";

const VERSIONS = ["2026.2.9", "2026.4.15", "2026.6.11"];
const CASES = 20_000;
const CONFIGS = 600;
const NAMES: Record<string, string> = {
  peer: "binding.peer",
  "parent peer": "binding.peer.parent",
  "peer kind": "binding.peer.wildcard",
  "guild and roles": "binding.guild+roles",
  guild: "binding.guild",
  team: "binding.team",
  account: "binding.account",
  channel: "binding.channel",
  default: "default",
};

const scratch = mkdtempSync(join(tmpdir(), "keeper-routing-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe.each(VERSIONS)("OpenClaw %s", (version) => {
  test(`what is told of ${CASES} random sessions is what the package does`, async (context) => {
    const openclaw = await installOpenClaw(version);
    if ("missing" in openclaw) return context.skip(openclaw.missing);
    const cases = Array.from({ length: CASES }, (_, seed) => randomRoutingCase(seed));
    const routed: Routed[] = await askPackage(openclaw, "route-messages.ts", cases);
    const counts = { told: 0, doubtful: 0, none: 0 };
    for (const [seed, { config, input }] of cases.entries()) {
      const real = routed[seed] as Routed;
      const session = sessionFor(input, real.sessionKey, real.agentId);
      for (const known of [{ version }, {}]) {
        const routing = readRouting(config, known);
        const route = routeOf(session, routing);
        for (const one of [route, routeOf(withLess(session, seed), routing)]) {
          expectToAgree(one, real, `seed ${seed}: ${JSON.stringify({ config, input, real, route: one })}`);
        }
        if ("version" in known) counts[route.is]++;
      }
    }
    console.log(version, counts);
    // most can be told: doubting everything would agree with the package as well
    expect(counts.told).toBeGreaterThan(CASES / 3);
  });
});

describe.each(VERSIONS)("OpenClaw %s", (version) => {
  test(`${CONFIGS} random configurations of several files are read as the package reads them`, async (context) => {
    const openclaw = await installOpenClaw(version);
    if ("missing" in openclaw) return context.skip(openclaw.missing);
    const paths = Array.from({ length: CONFIGS }, (_, seed) =>
      writeRandomConfig(join(scratch, version, String(seed)), seed),
    );
    const real: ({ root: unknown } | null)[] = await askPackage(openclaw, "read-configs.ts", paths);
    let accepted = 0;
    for (const [seed, path] of paths.entries()) {
      const { root, problem } = await readGatewayConfig(path, { KNOWN: "value", OTHER_1: "$" });
      const expected = real[seed];
      if (expected) expect({ root, problem }, `seed ${seed}`).toEqual({ root: expected.root, problem: undefined });
      else
        expect(problem !== undefined || JSON.stringify(root).includes('{"variable":"MISSING"}'), `seed ${seed}`).toBe(
          true,
        );
      if (expected) accepted++;
    }
    console.log(version, { accepted, refused: CONFIGS - accepted });
    expect(accepted).toBeGreaterThan(CONFIGS / 3);
  });
});

/** What is told is right, and a doubt leaves room for what is right. */
function expectToAgree(route: Route, real: Routed, what: string) {
  if (route.is === "told") expect(route.agent, what).toBe(real.agentId);
  if (route.is === "told" && route.by) expect(NAMES[route.by], what).toBe(real.matchedBy);
  if (route.is === "doubtful") expect(route.possible?.has(real.agentId) ?? true, what).toBe(true);
  if (route.is === "none") expect(real.sessionKey, what).toMatch(/^agent:[^:]+:main$/);
}

/** Hands data to a script that runs with the package, and takes back what it wrote. */
async function askPackage(openclaw: InstalledOpenClaw, script: string, data: unknown) {
  const [path, result] = [join(scratch, "data.json"), join(scratch, "result.json")];
  writeFileSync(path, JSON.stringify(data));
  const state = copyState(openclaw.version);
  try {
    await runScript(script, openclaw, state, path, result);
    return JSON.parse(readFileSync(result, "utf8"));
  } finally {
    state.remove();
  }
}

import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Home, makeHome, snapshot, writeRegistry } from "../support/home.ts";
import { keeperJson } from "../support/keeper.ts";
import { A_SESSION_EACH, actionsOf, addTalk, configureGateway, DAY, entryFor, kindsOf } from "../support/validate.ts";

const PINNED = "agent:main:telegram:direct:700";
const OTHER = "agent:main:telegram:direct:800";
const VARIABLE = `$${"{BOT_STORE}"}`;

let home: Home;
let stores: string;
let pinned: ReturnType<typeof addTalk>;
let other: ReturnType<typeof addTalk>;

/** Two sessions that nobody goes on with, of which one is pinned, in a healthy registry that lies elsewhere. */
beforeEach(() => {
  home = makeHome({ version: "2026.4.15" });
  stores = join(home.root, "stores");
  [pinned, other] = [addTalk(home, { idleMs: 20 * DAY }), addTalk(home, { idleMs: 20 * DAY })];
  mkdirSync(stores);
  const entries = { [PINNED]: entryFor(pinned, { pinnedAt: 1 }), [OTHER]: entryFor(other) };
  writeFileSync(join(stores, "main.json"), JSON.stringify(entries));
  configureGateway(home, { session: { ...A_SESSION_EACH.session, store: `${VARIABLE}/{agentId}.json` } });
});
afterEach(() => home.remove());

const run = (command: string[], env: Record<string, string> = {}) => keeperJson([...command, ...home.args], env);
const configuration = () => join(home.openclaw, "openclaw.json");
const isThere = () => [existsSync(pinned.path), existsSync(other.path)];

async function expectUntouched(env: Record<string, string> = {}) {
  const before = [snapshot(home.openclaw), snapshot(stores)];
  const repaired = await run(["validate-registry", "--repair"], env);
  const archived = await run(["archive", "--inactive-for", "3d"], env);
  expect([snapshot(home.openclaw), snapshot(stores)]).toEqual(before);
  return { repaired, archived };
}

describe("while nobody can tell where the registries are, nothing is made up and nothing is taken away", () => {
  const causes: [string, string, () => void][] = [
    ["session.store names a variable that is not set here", "BOT_STORE", () => {}],
    ["the configuration is no JSON5", "no JSON5", () => writeFileSync(configuration(), "{ session: {")],
    [
      "what it includes is not there",
      "ENOENT",
      () => writeFileSync(configuration(), JSON.stringify({ $include: "./gone.json", gateway: { port: 1 } })),
    ],
  ];
  test.each(causes)("%s", async (_, told, prepare) => {
    prepare();
    const { repaired, archived } = await expectUntouched();
    expect(repaired.status).toBe(1);
    const unreadable = repaired.installations[0]?.findings.find(({ kind }) => kind === "unreadable");
    expect(unreadable).toMatchObject({ severity: "warning", path: configuration() });
    expect(unreadable?.message).toContain(told);
    expect(kindsOf(repaired)).not.toContain("error broken-registry");
    expect(archived.installations[0]?.spared.map(({ because }) => because)).toEqual(Array(2).fill("broken-registry"));
  });

  test("what an old registry in the usual place says of them is not believed", async () => {
    writeRegistry(home, { [PINNED]: entryFor(pinned), [OTHER]: entryFor(other) });
    const { archived } = await expectUntouched();
    expect(archived.installations[0]?.spared.map(({ because }) => because)).toEqual(Array(2).fill("broken-registry"));
  });

  test("the configuration lies outside the home, and so may the registry", async () => {
    renameSync(configuration(), join(home.root, "gateway.json"));
    const { repaired } = await expectUntouched();
    expect(repaired.installations[0]).toMatchObject({
      findings: [{ kind: "unknown-era" }, { kind: "broken-registry" }],
      spared: [{ because: "unsafe" }],
    });
  });
});

describe("they are found", () => {
  test("with the variable that the gateway has", async () => {
    const found = await run(["archive", "--inactive-for", "3d"], { BOT_STORE: stores });
    expect(actionsOf(found).map(({ result }) => result)).not.toContain("failed");
    expect(isThere()).toEqual([true, false]);
  });

  /** The configuration in another place, with the store in plain words. */
  function moveConfiguration(): string {
    const path = join(home.root, "gateway.json");
    const text = readFileSync(configuration(), "utf8").replace(VARIABLE, stores);
    renameSync(configuration(), path);
    writeFileSync(path, text);
    return path;
  }

  test("by the configuration that the running gateway was told to use", async () => {
    const env = { ...process.env, OPENCLAW_STATE_DIR: home.openclaw, OPENCLAW_CONFIG_PATH: moveConfiguration() };
    const gateway = spawn(process.execPath, ["-e", "setTimeout(() => {}, 60000)", "openclaw", "gateway"], { env });
    await once(gateway, "spawn");
    const report = await run(["validate-registry"]);
    gateway.kill();
    await once(gateway, "close");
    expect(report).toMatchObject({ status: 0, installations: [{ era: "F2", findings: [] }] });
  });

  test("by the configuration that we are told to use for this home, and for no other", async () => {
    const OPENCLAW_CONFIG_PATH = moveConfiguration();
    const report = await run(["validate-registry"], { OPENCLAW_CONFIG_PATH, OPENCLAW_STATE_DIR: home.openclaw });
    expect(report).toMatchObject({ status: 0, installations: [{ era: "F2", findings: [] }] });
    const another = { OPENCLAW_CONFIG_PATH, OPENCLAW_STATE_DIR: join(home.root, "another") };
    expect(kindsOf(await run(["validate-registry"], another))).toContain("error broken-registry");
  });
});

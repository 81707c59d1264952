import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { askedOf, layPackage, startGateway } from "../support/gateway.ts";
import {
  addOpenClawSession,
  archivesIn,
  type Home,
  makeHome,
  readRegistryOf,
  sessionsFolder,
  snapshot,
  unzip,
  writeRegistry,
} from "../support/home.ts";
import { keeperJson } from "../support/keeper.ts";
import { bindTheGroup, GROUP, groupSession } from "../support/strays.ts";
import {
  actionsOf,
  addTalk,
  configureGateway,
  DAY,
  entryFor,
  registryPath,
  type Validated,
} from "../support/validate.ts";

let home: Home;
let port: number;
let gateway: Awaited<ReturnType<typeof startGateway>> | undefined;
beforeEach(async () => {
  home = makeHome({ version: "2026.6.11" });
  bindTheGroup(home);
  port = await freePort();
  configureGateway(home, { gateway: { port } });
});
afterEach(async () => {
  await gateway?.end();
  gateway = undefined;
  home.remove();
});

const LOST = "agent:main:telegram:group:-7";
const ERRAND = "agent:main:cron:a:run:b";
const gone = (more = {}) => entryFor({ sessionId: "gone", lastAt: Date.now() - DAY }, more);

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address ? address.port : 0;
}

function run(command: string, ...more: string[]): Promise<Validated> {
  return keeperJson([command, ...home.args, ...more]);
}

function saysOf(report: Validated): string {
  return (report.installations[0]?.spared ?? []).map(({ message }) => message).join("\n");
}

test("entries without a transcript are reset or deleted by the gateway itself, and a session that has a better one goes", async () => {
  const stray = groupSession(home, "main");
  const entries = {
    "agent:main:main": entryFor(addTalk(home)),
    [LOST]: gone({ lastTo: "telegram:-7" }),
    [ERRAND]: gone(),
  };
  writeRegistry(home, { ...entries, [`agent:main:${GROUP}`]: stray.entry });
  writeRegistry(home, { [`agent:work:${GROUP}`]: groupSession(home, "work").entry }, "work");
  const text = readFileSync(registryPath(home), "utf8");
  gateway = await startGateway(home, layPackage(home, "2026.6.11"), port);

  const report = await run("validate-registry", "--repair", "--resolve-strays");

  expect(report.status).toBe(0);
  expect(askedOf(home)).toEqual([
    { command: "gateway", verb: "call", method: "sessions.reset", params: { key: LOST }, port: String(port) },
    expect.objectContaining({
      method: "sessions.delete",
      params: { key: ERRAND, deleteTranscript: false, emitLifecycleHooks: false },
    }),
    expect.objectContaining({
      method: "sessions.delete",
      params: { key: `agent:main:${GROUP}`, deleteTranscript: true, emitLifecycleHooks: false },
    }),
  ]);
  const now = readRegistryOf(home);
  expect(Object.keys(now)).toEqual(["agent:main:main", LOST]);
  expect(now[LOST]).toMatchObject({ lastTo: "telegram:-7", systemSent: false });
  expect(archivesIn(home.openclaw).map(unzip)[0]?.equals(stray.original)).toBe(true);
  expect(readdirSync(sessionsFolder(home)).filter((name) => name.includes(stray.sessionId))).toEqual([]);
  const edits = actionsOf(report).filter(({ kind }) => kind === "edit-registry");
  expect(edits.map(({ detail }) => detail?.through)).toEqual(["gateway", "gateway", "gateway"]);
  expect(edits[0]?.message).toContain("by the gateway itself");
  expect(readFileSync(String(edits[0]?.detail?.backup), "utf8")).toBe(text);

  await gateway.end();
  gateway = undefined;
  expect((await keeperJson(["restore", "undo", report.runId, ...home.args])).status).toBe(0);
  expect(JSON.parse(readFileSync(registryPath(home), "utf8"))).toEqual(JSON.parse(text));
  expect(readFileSync(stray.path).equals(stray.original)).toBe(true);
});

test("archive has idle sessions reset by the gateway, and takes what that set aside", async () => {
  const idle = addOpenClawSession(home, { idleMs: 9 * DAY });
  const original = readFileSync(idle.path);
  const entry = { ...entryFor(idle), updatedAt: Date.now() - 9 * DAY, lastTo: "telegram:-7" };
  writeRegistry(home, { [LOST]: entry, "agent:main:main": entryFor(addTalk(home)) });
  gateway = await startGateway(home, layPackage(home, "2026.6.11"), port);
  const report = await run("archive");
  expect(report.status).toBe(0);
  expect(actionsOf(report).map(({ kind, result }) => `${kind} ${result}`)).toEqual([
    "archive-transcript done",
    "edit-registry done",
    "remove-transcript done",
  ]);
  expect(readRegistryOf(home)[LOST]).toMatchObject({ lastTo: "telegram:-7", systemSent: false });
  expect(readdirSync(sessionsFolder(home)).filter((name) => name.includes(idle.sessionId))).toEqual([]);
  expect(archivesIn(home.openclaw).map(unzip)[0]?.equals(original)).toBe(true);
  await gateway.end();
  gateway = undefined;
  expect((await keeperJson(["restore", "undo", report.runId, ...home.args])).status).toBe(0);
  expect(readFileSync(idle.path).equals(original)).toBe(true);
  expect(readRegistryOf(home)[LOST]).toEqual(entry);
});

test.each([
  ["pairing", 1, "openclaw devices approve", 1, "busy"],
  ["lie", 3, "", 2, "failed"],
  ["refuse", 3, "", 2, "failed"],
])(
  "one that answers with %s changes nothing, and nothing is said to be done",
  async (answer, status, hint, asked, result) => {
    writeRegistry(home, { [LOST]: gone(), [LOST.replace("-7", "-8")]: gone() });
    writeFileSync(join(home.openclaw, "answer"), answer);
    gateway = await startGateway(home, layPackage(home, "2026.6.11"), port);
    const before = snapshot(sessionsFolder(home));
    const report = await run("validate-registry", "--repair");
    expect(report.status).toBe(status);
    expect(askedOf(home).length, "not asked again for the next session, where it would say the same").toBe(asked);
    expect(actionsOf(report).map((action) => action.result)).toEqual([result, result]);
    expect(actionsOf(report)[0]?.hint ?? "").toContain(hint);
    expect(snapshot(sessionsFolder(home))).toEqual({ ...before, ".": before["."] });
  },
);

test("another gateway than the one that was found is never asked: its sessions may have the same keys", async () => {
  writeRegistry(home, { [LOST]: gone() });
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(port, "127.0.0.1", resolve));
  gateway = await startGateway(home, layPackage(home, "2026.6.11"), await freePort());
  const before = snapshot(sessionsFolder(home));
  const report = await run("validate-registry", "--repair");
  other.close();
  expect(report.status).toBe(1);
  expect(askedOf(home)).toEqual([]);
  expect(saysOf(report)).toContain("does not wait at the port");
  expect(saysOf(report)).toContain(`openclaw gateway call sessions.reset --params '{"key":"${LOST}"}'`);
  expect(snapshot(sessionsFolder(home))).toEqual(before);
});

test("where the gateway hides its package, the command on the PATH is asked if it is of the same era", async () => {
  writeRegistry(home, { [LOST]: gone() });
  const bin = layPackage(home, "2026.6.11");
  gateway = await startGateway(home, bin, port);
  const ask = (path: string) =>
    keeperJson(["validate-registry", "--repair", ...home.args], { PATH: `${path}:${process.env.PATH}` });
  // as a process that gave itself a title: nothing of its path is left
  rmSync(join(bin, "..", "node_modules", "openclaw", "package.json"));
  const older = await ask(layPackage(home, "2026.4.15"));
  expect(saysOf(older)).toContain("no openclaw command of its release is on the PATH");
  expect(askedOf(home)).toEqual([]);
  const report = await ask(layPackage(home, "2026.7.35"));
  expect(report.status).toBe(0);
  expect(askedOf(home).length).toBe(1);
  expect(existsSync(join(home.openclaw, "asked.jsonl"))).toBe(true);
});

test("a broken registry waits, and no restart is advised for what the gateway does itself", async () => {
  writeRegistry(home, { [LOST]: gone() });
  writeRegistry(home, {}, "work");
  writeFileSync(registryPath(home, "work"), "{");
  gateway = await startGateway(home, layPackage(home, "2026.6.11"), port);
  const report = await run("validate-registry", "--repair");
  expect(actionsOf(report).map(({ kind, result }) => `${kind} ${result}`)).toEqual(["edit-registry done"]);
  expect(report.installations[0]?.spared.map(({ because }) => because)).toEqual(["registry-gateway-up"]);
});

test("what the gateway does not offer waits until it is stopped: an entry for a forgotten transcript, a move", async () => {
  const stray = groupSession(home, "main");
  writeRegistry(home, { [`agent:main:${GROUP}`]: stray.entry });
  addTalk(home);
  gateway = await startGateway(home, layPackage(home, "2026.6.11"), port);
  const before = snapshot(sessionsFolder(home));
  const report = await run("validate-registry", "--repair", "--resolve-strays");
  expect(report.status).toBe(1);
  expect(actionsOf(report)).toEqual([]);
  expect(askedOf(home)).toEqual([]);
  expect(saysOf(report)).toContain("stop the gateway");
  expect(snapshot(sessionsFolder(home))).toEqual(before);
});

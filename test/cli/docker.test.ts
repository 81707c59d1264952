import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { ReportDocument } from "../../src/report/document.ts";
import { condemn } from "../crash/bot.ts";
import { giveTo, isRoot, OWNER } from "../crash/rotate-as.ts";
import { configure } from "../support/configure.ts";
import { NO_CONTAINER, startContainer } from "../support/container.ts";
import {
  addClaudeSession,
  addOpenClawSession,
  age,
  boundEntry,
  type Home,
  makeHome,
  readRegistryOf,
  writeRegistry,
} from "../support/home.ts";
import { keeper, keeperJson } from "../support/keeper.ts";
import { addTalk, configureGateway, entryFor, findingsOf, repair, validate } from "../support/validate.ts";

const INSIDE = "/home/node/.openclaw";
const VOLUMES = ({ openclaw, claude }: Home) => ({ [INSIDE]: openclaw, "/home/node/.claude": claude });

/** A home whose gateway lives in a container: all that it wrote names places in there. */
function aBotInside(): Home {
  const home = makeHome();
  onTestFinished(home.remove);
  configureGateway(home, { agents: { defaults: { workspace: "~/.openclaw/workspace" } } });
  return home;
}

const toInside = (home: Home, path: string) => path.replace(home.openclaw, INSIDE);

/** A session of a topic, whose transcript is found by the path that its entry names, and by nothing else. */
function addTopic(home: Home, bytes = 3000): { sessionId: string; path: string; entry: Record<string, unknown> } {
  const { sessionId, path: plain } = addOpenClawSession(home, { bytes });
  const path = plain.replace(".jsonl", "-topic-7.jsonl");
  writeFileSync(path, readFileSync(plain), { mode: 0o600 });
  rmSync(plain);
  age(path, 120_000);
  return { sessionId, path, entry: entryFor({ sessionId, path: toInside(home, path) }, { big: 1 }) };
}

const KEY = "agent:main:telegram:group:-100:topic:7";

function pathsOf(report: ReportDocument) {
  return report.installations[0]?.containerPaths;
}

/** The ways in which paths inside a container become known. */
const WAYS = ["configured", "mounts", "registries"] as const;

async function setUp(way: (typeof WAYS)[number], home: Home): Promise<{ args: string[]; pid?: number } | undefined> {
  if (way === "registries") return { args: home.args };
  if (way === "mounts") {
    const container = await startContainer({ volumes: VOLUMES(home) });
    return container && { args: home.args, pid: container.pid };
  }
  return { args: configureInside(home, { paths: { [INSIDE]: home.openclaw } }) };
}

function configureInside({ root, openclaw, claude, log, state }: Home, more: object): string[] {
  const file = join(root, "config.json5");
  const bot = { openclaw: { home: openclaw }, claude: { home: claude }, gateway: { logs: [log] }, ...more };
  writeFileSync(file, JSON.stringify({ installations: { bot } }));
  return ["--config", file, "--state-dir", state];
}

test.for(WAYS)(
  "paths inside a container, %s: sessions are found, entries are written in its terms, an undo gives them back",
  async (way, { skip }) => {
    const home = aBotInside();
    const topic = addTopic(home);
    const claude = addClaudeSession(home, { bytes: 9000, project: "-home-node--openclaw-workspace" });
    const registry = writeRegistry(home, { [KEY]: topic.entry });
    const lost = addTalk(home);
    const known = await setUp(way, home);
    if (!known) return skip(NO_CONTAINER);
    const { args } = known;

    const look = await keeperJson(["validate-registry", ...args]);
    expect(findingsOf(look).map(({ kind, path }) => [kind, path])).toEqual([["unregistered-transcript", lost.path]]);
    const paths = { [INSIDE]: home.openclaw };
    expect(pathsOf(look)).toEqual(
      {
        configured: undefined,
        mounts: { from: "mounts", pid: known.pid, paths },
        registries: { from: "registries", paths },
      }[way],
    );
    if (way === "registries")
      expect((await keeper(["rotate", "-n", "-v", ...args])).stdout).toContain(`${INSIDE} is ${home.openclaw}`);

    expect((await keeperJson(["validate-registry", "--repair", ...args])).status).toBe(0);
    const entered = Object.values(readRegistryOf(home)).find(({ repaired }) => repaired === true);
    expect(entered).toMatchObject({ sessionId: lost.sessionId, sessionFile: toInside(home, lost.path) });

    const before = {
      registry: readFileSync(registry, "utf8"),
      topic: readFileSync(topic.path),
      claude: readFileSync(claude.path),
    };
    const rotated = await keeperJson(["rotate", "--strategy", "empty", "--max-size", "2KB", ...args]);
    expect(rotated.status).toBe(0);
    expect(existsSync(topic.path)).toBe(false);
    const fresh = readRegistryOf(home)[KEY];
    expect(fresh?.sessionId).not.toBe(topic.sessionId);
    expect(fresh).not.toHaveProperty("sessionFile");
    expect(fresh).toHaveProperty("big", 1);
    expect(statSync(claude.path).size).toBe(0); // its folder is the one of the bot's workspace in there
    expect(readdirSync(join(home.workspace, "memory"))).toHaveLength(1);

    expect((await keeperJson(["restore", "undo", rotated.runId, ...args])).status).toBe(0);
    expect({
      registry: readFileSync(registry, "utf8"),
      topic: readFileSync(topic.path),
      claude: readFileSync(claude.path),
    }).toEqual(before);
  },
);

test("the release in the container decides by which rules its files are edited", async ({ skip }) => {
  const home = aBotInside();
  const { entry } = addTopic(home);
  writeRegistry(home, { [KEY]: entry });
  expect((await validate(home)).installations[0]?.era).toBe("F1");
  const container = await startContainer({ volumes: VOLUMES(home), version: "2026.6.11" });
  if (!container) return skip(NO_CONTAINER);
  expect((await validate(home)).installations[0]?.era).toBe("F3b");
  addTalk(home);
  const report = await repair(home);
  expect(report.status).toBe(1);
  expect(JSON.stringify(report.installations)).toContain(`an OpenClaw process runs (${container.pid})`);
  await container.stop();
  configureGateway(home, { meta: { lastTouchedVersion: "2026.6.11" } });
  const unseen = await repair(home);
  expect([unseen.status, JSON.stringify(unseen.installations)]).toEqual([
    1,
    expect.stringContaining("cannot be seen from here"),
  ]);
  const args = configureInside(home, { foreignPids: false }); // the person says that it is stopped
  expect((await keeperJson(["validate-registry", "--repair", ...args])).status).toBe(0);
});

test("a gateway in another container, with another home at the same path, is not this one's", async ({ skip }) => {
  const [home, other] = [aBotInside(), aBotInside()];
  configureGateway(home, { meta: { lastTouchedVersion: "2026.6.11" } });
  const container = await startContainer({ volumes: { [home.openclaw]: other.openclaw }, userHome: home.root });
  if (!container) return skip(NO_CONTAINER);
  writeRegistry(home, {});
  const { path } = addTalk(home);
  const report = await repair(home);
  expect(report.status).toBe(0);
  expect(Object.values(readRegistryOf(home))).toMatchObject([{ sessionFile: path }]);
});

test.skipIf(!isRoot)(
  "as root, files of a user of the container that this host does not know stay his",
  async ({ skip }) => {
    const home = aBotInside();
    const topic = addTopic(home);
    const registry = writeRegistry(home, { [KEY]: topic.entry });
    for (const name of [home.openclaw, home.claude]) giveTo({ ...home, root: name }, OWNER);
    chmodSync(home.root, 0o755); // root's, as a folder with a compose file is
    const container = await startContainer({ volumes: VOLUMES(home), user: OWNER });
    if (!container) return skip(NO_CONTAINER);
    const { args } = home;
    const withoutState = args.slice(0, args.indexOf("--state-dir"));
    const state = join("/var/lib/session-keeper", String(OWNER));
    const report = await keeperJson(["rotate", "--strategy", "empty", "--max-size", "2KB", ...withoutState]);
    onTestFinished(() => {
      rmSync(state, { recursive: true, force: true });
      if (readdirSync(dirname(state)).length === 0) rmdirSync(dirname(state));
    });
    expect(report.installations[0]?.failure).toBeUndefined();
    expect(report.status).toBe(0);
    expect(pathsOf(report)).toMatchObject({ from: "mounts", pid: container.pid });
    expect(existsSync(topic.path)).toBe(false);
    expect([registry, join(home.openclaw, "session-archives"), state].map((path) => statSync(path).uid)).toEqual([
      OWNER,
      OWNER,
      OWNER,
    ]);
    expect(existsSync(join(state, "journal.jsonl"))).toBe(true);
    expect(readdirSync(home.root).sort()).not.toContain(".local");
  },
);

/** A `docker` that notes what it is asked, one argument a line, and does or says what it is told to. */
function fakeDocker(home: Home, script: string): { env: Record<string, string>; calls: () => string[][] } {
  const bin = join(home.root, "bin");
  const log = join(home.root, "docker-calls");
  mkdirSync(bin);
  const text = `#!/bin/sh\nfor one in "$@"; do echo "$one"; done >> ${log}; echo -- >> ${log}\n${script}\n`;
  writeFileSync(join(bin, "docker"), text, { mode: 0o755 });
  return {
    env: { PATH: `${bin}:${process.env.PATH}` },
    calls: () =>
      readFileSync(log, "utf8")
        .split("--\n")
        .filter(Boolean)
        .map((call) => call.trimEnd().split("\n")),
  };
}

function aCondemnedBot(): { home: Home; args: string[] } {
  const home = makeHome();
  onTestFinished(home.remove);
  const { sessionId } = addClaudeSession(home);
  writeRegistry(home, { "agent:main:main": boundEntry(sessionId) });
  condemn(home);
  const name = "my bot; $(id)";
  const health = ["docker", "exec", name, "openclaw", "health", "--json"];
  return { home, args: configure(home, { restart: ["docker", "restart", name], health }).args };
}

test("a gateway in a container is restarted by docker restart NAME, without a shell, and its health is asked for in there", async () => {
  const { home, args } = aCondemnedBot();
  const ill = `[ $1 = restart ] || [ -e ${home.root}/asked ] || { touch ${home.root}/asked; exit 1; }`;
  const { env, calls } = fakeDocker(home, ill);
  const report = await keeperJson(["rotate", ...args], env);
  expect(report.status).toBe(0);
  expect(report.installations[0]?.actions.at(-1)).toMatchObject({
    kind: "restart-gateway",
    result: "done",
    detail: { healthy: true },
  });
  const asked = ["exec", "my bot; $(id)", "openclaw", "health", "--json"];
  expect(calls()).toEqual([["restart", "my bot; $(id)"], asked, asked]);
});

test("what docker could not do is told in plain words, and the next run tries again", async () => {
  const { home, args } = aCondemnedBot();
  const refused = "Error response from daemon: No such container: x";
  const { env, calls } = fakeDocker(home, `[ -e ${home.root}/made ] && exit 0; echo "${refused}" >&2; exit 1`);
  const failed = await keeper(["rotate", ...args], env);
  expect(failed.status).toBe(3);
  expect(failed.stdout + failed.stderr).toContain("the gateway was not restarted: there is no container of that name");
  writeFileSync(join(home.root, "made"), "");
  expect((await keeperJson(["rotate", ...args], env)).status).toBe(0);
  expect(calls().map(([verb]) => verb)).toEqual(["restart", "restart", "exec"]);
});

import { spawnSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { configure, configureAll } from "../support/configure.ts";
import {
  addClaudeSession,
  boundEntry,
  type Home,
  makeHome,
  sessionsFolder,
  snapshot,
  writeRegistry,
} from "../support/home.ts";
import { keeper, keeperJson } from "../support/keeper.ts";

const homes: Home[] = [];
afterEach(() => {
  for (const home of homes.splice(0)) home.remove();
});

/** A bot with one conversation of so many bytes. */
function aBot(bytes: number): Home & { sessionId: string; path: string } {
  const home = makeHome();
  homes.push(home);
  const session = addClaudeSession(home, { bytes });
  writeRegistry(home, { "agent:main:main": boundEntry(session.sessionId) });
  return { ...home, ...session };
}

test("one installation that fails does not keep the others from being looked after", async () => {
  const [gone, fine] = [aBot(3_000_000), aBot(3_000_000)];
  const args = configureAll([gone, fine], ({ log }) => [log]);
  rmSync(gone.openclaw, { recursive: true });
  const report = await keeperJson(["rotate", "--strategy", "empty", ...args]);
  expect(report).toMatchObject({
    status: 3,
    installations: [
      { name: "bot0", failure: { code: "failed" } },
      { name: "bot1", findings: [{ resolved: true }] },
    ],
  });
  expect(statSync(gone.path).size).toBeGreaterThan(0);
  expect(statSync(fine.path).size).toBe(0);
});

test("two installations that share a Claude Code home each look after their own bot's sessions", async () => {
  const [first, second] = [aBot(1000), aBot(1000)];
  const mine = addClaudeSession(first, { bytes: 3_000_000 });
  const theirs = addClaudeSession(first, { bytes: 3_000_000, project: "-srv-second" });
  const personal = addClaudeSession(first, { bytes: 3_000_000, project: "-home-me" });
  writeRegistry(first, { "agent:main:main": boundEntry(mine.sessionId) });
  writeRegistry(second, { "agent:main:main": boundEntry(theirs.sessionId) });
  const report = await keeperJson([
    "rotate",
    "--strategy",
    "empty",
    ...configureAll([first, { ...second, claude: first.claude }], ({ log }) => [log]),
  ]);
  const about = report.installations.map(({ findings, spared }) => [
    findings.filter(({ resolved }) => resolved).map(({ sessionId }) => sessionId),
    spared.map(({ sessionId }) => sessionId),
  ]);
  expect(about).toEqual([
    [[mine.sessionId], [personal.sessionId]],
    [[theirs.sessionId], []],
  ]);
});

test("a line without a name in a log that two installations share condemns nobody", async () => {
  const [first, second] = [aBot(5000), aBot(5000)];
  appendFileSync(first.log, `${new Date().toISOString()} [agent] unexpected tool_use_id found in tool_result blocks\n`);
  const shared = await keeperJson([
    "rotate",
    "--strategy",
    "empty",
    ...configureAll([first, second], () => [first.log]),
  ]);
  expect(shared.status).toBe(1);
  expect(shared.installations.flatMap(({ actions }) => actions)).toEqual([]);
  const other = makeHome();
  homes.push(other);
  const args = configureAll([first, second], () => [first.log]);
  const one = await keeperJson(["rotate", "--strategy", "empty", "-i", "bot0", ...args, "--state-dir", other.state]);
  expect(one.installations.flatMap(({ actions }) => actions)).toEqual([]);
  const alone = await keeperJson([
    "rotate",
    "--strategy",
    "empty",
    ...configureAll([first], ({ log }) => [log]),
    "--state-dir",
    second.state,
  ]);
  expect(alone.installations[0]?.findings).toMatchObject([{ resolved: true }]);
});

test("while a registry can't be read, a session that it may bind is left alone, and the registry is an error", async () => {
  const home = aBot(3_000_000);
  writeFileSync(join(sessionsFolder(home), "sessions.json"), '{"agent:main:main": {');
  const before = snapshot(home.claude);
  const report = await keeperJson(["rotate", "--strategy", "empty", ...home.args]);
  expect(report).toMatchObject({
    status: 1,
    installations: [{ actions: [], spared: [{ because: "broken-registry" }] }],
  });
  expect(report.installations[0]?.findings).toContainEqual(
    expect.objectContaining({ kind: "broken-registry", severity: "error" }),
  );
  expect(snapshot(home.claude)).toEqual(before);
});

test("a gateway that logs to the journal is read from where the last look ended", async () => {
  const home = aBot(5000);
  const bin = join(home.root, "bin");
  mkdirSync(bin);
  const [calls, entries] = [join(home.root, "calls"), join(home.root, "entries")];
  writeFileSync(join(bin, "journalctl"), `#!/bin/sh\necho "$@" >> ${calls}\ncat ${entries}\n`, { mode: 0o755 });
  const entry = (cursor: string, message: string) =>
    `${JSON.stringify({ __CURSOR: cursor, __REALTIME_TIMESTAMP: `${Date.now()}000`, MESSAGE: message })}\n`;
  const args = configureAll([home], () => ["journal:jarvis.service"]);
  const env = { PATH: `${bin}:${process.env.PATH}` };
  writeFileSync(entries, entry("c1", "all is well"));
  expect((await keeper(["rotate", "--strategy", "empty", ...args], env)).status).toBe(0);
  writeFileSync(entries, entry("c2", `sessionId=${home.sessionId} unexpected tool_use_id found in tool_result blocks`));
  expect((await keeper(["rotate", "--strategy", "empty", ...args], env)).status).toBe(0);
  expect(statSync(home.path).size).toBe(0);
  const [first = "", second = ""] = readFileSync(calls, "utf8").split("\n");
  expect(first).toContain("--since");
  expect(second).toContain("--after-cursor=c1");
});

test("a configuration that others may write is refused when it holds a command, and nothing is done", async () => {
  const home = aBot(3_000_000);
  const { args } = configure(home);
  chmodSync(args[1] ?? "", 0o666);
  const run = await keeper(["rotate", "--strategy", "empty", ...args]);
  expect(run.status).toBe(2);
  expect(run.stderr).toContain("chmod go-w");
  expect(statSync(home.path).size).toBeGreaterThan(0);
});

test("the configured log gets one JSON line for each thing done, private, and none for an idle run", async () => {
  const home = aBot(3_000_000);
  const log = join(home.root, "keeper.log");
  const args = configureAll([home], ({ log: gateway }) => [gateway], { log: { file: log } });
  expect((await keeper(["rotate", "--strategy", "empty", ...args])).status).toBe(0);
  const lines = readFileSync(log, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(lines.map(({ kind, result }) => kind && `${kind} ${result}`)).toEqual([
    "archive-transcript done",
    "append-note done",
    "edit-registry done",
    "empty-transcript done",
    undefined,
  ]);
  expect(statSync(log).mode & 0o777).toBe(0o600);
  await keeper(["rotate", "--strategy", "empty", ...args]);
  expect(readFileSync(log, "utf8").trimEnd().split("\n")).toHaveLength(lines.length);
  const lost = configureAll([home], ({ log: gateway }) => [gateway], {
    log: { file: join(home.root, "nowhere", "x.log"), level: "debug" },
  });
  expect((await keeper(["rotate", "--strategy", "empty", ...lost])).status).toBe(3);
});

test.skipIf(process.geteuid?.() !== 0)(
  "as root, the work is done as the owner of the homes, and every file is the owner's",
  async () => {
    const home = aBot(3_000_000);
    const uid = 12_345;
    mkdirSync(home.state);
    spawnSync("chown", ["-R", `${uid}:${uid}`, home.root]);
    expect((await keeperJson(["rotate", "--strategy", "empty", ...home.args])).status).toBe(0);
    expect(statSync(home.path).size).toBe(0);
    const owners = (readdirSync(home.root, { recursive: true }) as string[]).map(
      (name) => lstatSync(join(home.root, name)).uid,
    );
    expect(new Set(owners)).toEqual(new Set([uid]));
    expect(existsSync(join(home.claude, "session-archives", "catalog.jsonl"))).toBe(true);
  },
);

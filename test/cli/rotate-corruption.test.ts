import { appendFileSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { configure } from "../support/configure.ts";
import {
  addClaudeSession,
  addOpenClawSession,
  boundEntry,
  type Home,
  makeHome,
  sessionsFolder,
  writeRegistry,
} from "../support/home.ts";
import { makeIncident } from "../support/incident.ts";
import { keeper, keeperJson } from "../support/keeper.ts";

let home: Home;
afterEach(() => home?.remove());

const now = () => new Date().toISOString();

test("a size rotation never restarts the gateway", async () => {
  home = makeHome();
  const { sessionId } = addClaudeSession(home, { bytes: 3_000_000 });
  writeRegistry(home, { "agent:main:main": boundEntry(sessionId) });
  const { args, restarts } = configure(home);
  expect((await keeper(["rotate", ...args])).status).toBe(0);
  expect(restarts()).toBe(0);
});

/** A bot with two conversations, so that a line must say which one it means. */
function twoConversations(idleMs = 120_000) {
  home = makeHome();
  const [first, second] = [
    addClaudeSession(home, { idleMs }),
    addClaudeSession(home, { idleMs, orphans: ["toolu_01LeftBehindHere"] }),
  ];
  writeRegistry(home, {
    "agent:main:main": boundEntry(first.sessionId),
    "agent:main:telegram:group:-7": boundEntry(second.sessionId),
  });
  return { first, second };
}

/** It is short, and tells of the archive. */
function isDigest({ path }: { path: string }): boolean {
  return readFileSync(path, "utf8").includes("This session was shortened by session-keeper.");
}

/** The result without a call is gone, and the conversation is there. */
function isMended({ path }: { path: string }): boolean {
  const text = readFileSync(path, "utf8");
  return text.includes('"tool_use"') && !text.includes("toolu_01LeftBehindHere");
}

test.for([
  {
    by: "its key",
    line: "lane=session:agent:main:telegram:group:-7 error=unexpected `tool_use_id` found in `tool_result` blocks",
  },
  { by: "its id", line: "run failed sessionId=SESSION: unexpected tool_use_id found in tool_result blocks" },
  {
    by: "a tool id that it holds",
    line: "messages.3.content.0: unexpected `tool_use_id` found in `tool_result` blocks: toolu_01LeftBehindHere. Each",
  },
])("a rejection that names a session by $by condemns just that one", async ({ line }) => {
  const { first, second } = twoConversations();
  const before = readFileSync(first.path, "utf8");
  appendFileSync(home.log, `${now()} [agent/main] ${line.replace("SESSION", second.sessionId)}\n`);
  const report = await keeperJson(["rotate", ...home.args]);
  expect(report.status).toBe(0);
  expect(report.installations[0]?.findings).toMatchObject([
    { kind: "rejection-logged", severity: "error", resolved: true, sessionId: second.sessionId },
    { kind: "orphaned-result", severity: "error", resolved: true, sessionId: second.sessionId },
  ]);
  expect(report.installations[0]?.spared).toMatchObject([{ because: "no-restart-command" }]);
  expect(isMended(second)).toBe(true);
  expect(readFileSync(first.path, "utf8")).toBe(before);
});

test("a rejection that names no session condemns the only one there is, and none of two", async () => {
  const { first, second } = twoConversations();
  const line = "[agent] unexpected `tool_use_id` found in `tool_result` blocks\n";
  appendFileSync(home.log, `${now()} ${line}`);
  const ambiguous = await keeperJson(["rotate", ...home.args]);
  expect(ambiguous).toMatchObject({
    status: 1,
    installations: [
      {
        findings: [
          { kind: "rejection-logged", resolved: false },
          { kind: "orphaned-result", resolved: true },
        ],
        actions: [{ kind: "archive-transcript" }, { kind: "repair-transcript", result: "done" }],
      },
    ],
  });
  expect(statSync(first.path).size).toBeGreaterThan(0);
  expect(isMended(second)).toBe(true);
  home.remove();
  home = makeHome();
  const only = addClaudeSession(home);
  addClaudeSession(home, { project: "-home-me-private" });
  writeRegistry(home, { "agent:main:main": boundEntry(only.sessionId) });
  appendFileSync(home.log, `${now()} ${line}`);
  expect((await keeperJson(["rotate", ...home.args])).status).toBe(0);
  expect(isDigest(only)).toBe(true);
});

test("a session that answered after the failure is left alone", async () => {
  const { second } = twoConversations();
  appendFileSync(
    home.log,
    `${new Date(Date.now() - 60_000).toISOString()} x sessionId=${second.sessionId} unexpected tool_use_id in tool_result\n`,
  );
  appendFileSync(
    second.path,
    `${JSON.stringify({ type: "assistant", isSidechain: false, parentUuid: null, uuid: "u", timestamp: new Date(Date.now() - 30_000).toISOString(), message: { id: "m", role: "assistant", model: "claude-example", content: [{ type: "text", text: "fine again" }] } })}\n`,
  );
  expect(await keeper(["rotate", ...home.args])).toMatchObject({ status: 0, stdout: "" });
  expect(statSync(second.path).size).toBeGreaterThan(0);
});

test("a condemned session in use waits, its line stays pending across runs, and is spent only when it was dealt with", async () => {
  const { second } = twoConversations();
  const { spawn } = await import("node:child_process");
  const user = spawn(process.execPath, ["-e", "setTimeout(() => {}, 60000)", "--", "--resume", second.sessionId]);
  await new Promise((resolve) => user.once("spawn", resolve));
  appendFileSync(
    home.log,
    `${now()} lane=session:agent:main:telegram:group:-7 unexpected tool_use_id in tool_result\n`,
  );
  const waiting = await keeperJson(["rotate", ...home.args]);
  expect(waiting).toMatchObject({
    status: 1,
    installations: [{ findings: [{ resolved: false }, { resolved: false }], actions: [{ result: "busy" }] }],
  });
  user.kill();
  await new Promise((resolve) => user.once("close", resolve));
  renameSync(home.log, `${home.log}.gone`); // what is pending needs no log any more
  expect(await keeperJson(["rotate", ...home.args])).toMatchObject({
    status: 0,
    installations: [{ findings: [{ resolved: true }, { resolved: true }] }],
  });
  expect(isMended(second)).toBe(true);
  renameSync(`${home.log}.gone`, home.log);
  writeFileSync(second.path, '{"type":"user"}\n');
  expect(await keeper(["rotate", ...home.args])).toMatchObject({ status: 0, stdout: "" });
  expect(statSync(second.path).size).toBeGreaterThan(0);
});

test.for(["broken", "lost"])(
  "a line stays pending while the registry that would tell whom it means is %s",
  async (how) => {
    const { first } = twoConversations();
    const registry = join(sessionsFolder(home), "sessions.json");
    const whole = readFileSync(registry);
    addOpenClawSession(home); // shows that there was a registry
    if (how === "broken") writeFileSync(registry, "");
    else rmSync(registry);
    appendFileSync(home.log, `${now()} lane=session:agent:main:main unexpected tool_use_id in tool_result\n`);
    for (const _ of [1, 2]) {
      const { status, installations } = await keeperJson(["rotate", ...home.args]);
      expect(status).toBe(1);
      expect(installations[0]?.findings).toContainEqual(
        expect.objectContaining({ kind: "rejection-logged", evidence: expect.objectContaining({ lines: 1 }) }),
      );
    }
    writeFileSync(registry, whole);
    const { args, restarts } = configure(home);
    const { installations } = await keeperJson(["rotate", ...args]);
    expect(installations[0]?.findings).toContainEqual(
      expect.objectContaining({ kind: "rejection-logged", resolved: true, sessionId: first.sessionId }),
    );
    expect(restarts()).toBe(1);
  },
);

test("a dry run does not move the log position", async () => {
  const { second } = twoConversations();
  appendFileSync(home.log, `${now()} sessionId=${second.sessionId} unexpected tool_use_id in tool_result\n`);
  expect((await keeper(["rotate", "--dry-run", ...home.args])).status).toBe(1);
  expect(await keeperJson(["rotate", ...home.args])).toMatchObject({
    status: 0,
    installations: [{ findings: [{ kind: "rejection-logged", resolved: true }, { resolved: true }] }],
  });
  expect(isMended(second)).toBe(true);
});

test("a line that a late cron run finds after the log was rotated is not missed", async () => {
  const { first } = twoConversations(7_200_000);
  appendFileSync(home.log, `${now()} [gateway] started\n`);
  await keeper(["rotate", ...home.args]);
  appendFileSync(
    home.log,
    `${new Date(Date.now() - 3_600_000).toISOString()} sessionId=${first.sessionId} unexpected tool_use_id in tool_result\n`,
  );
  renameSync(home.log, `${home.log}.1`);
  writeFileSync(home.log, `${now()} [gateway] new file\n`);
  // an hour old and found late: the session has not answered since, so it is still condemned
  expect((await keeperJson(["rotate", ...home.args])).installations[0]?.findings).toMatchObject([
    { kind: "rejection-logged", resolved: true },
  ]);
  expect(isDigest(first)).toBe(true);
});

test("an OpenClaw conversation that the log condemns gets a digest, and the gateway one restart for two sessions", async () => {
  home = makeHome();
  const [a, b] = [addOpenClawSession(home), addOpenClawSession(home)];
  const entry = (session: typeof a) => ({
    sessionId: session.sessionId,
    sessionFile: session.path,
    updatedAt: Date.now() - 300_000,
  });
  writeRegistry(home, { "agent:main:main": entry(a), "agent:main:slack:channel:c1": entry(b) });
  for (const key of ["agent:main:main", "agent:main:slack:channel:c1"])
    appendFileSync(
      home.log,
      `${now()} lane=session:${key} error="unexpected \`tool_use_id\` found in \`tool_result\` blocks"\n`,
    );
  const { args, restarts } = configure(home);
  const report = await keeperJson(["rotate", ...args]);
  expect(report.status).toBe(0);
  expect([isDigest(a), isDigest(b)]).toEqual([true, true]);
  expect(restarts()).toBe(1);
});

test("restarts stop at their limit, the report says so, and what is due is made up in time", async () => {
  home = makeHome();
  const { args, restarts } = configure(home, { maxRestarts: 1, per: "10s" });
  for (const round of [1, 2]) {
    const { sessionId } = addClaudeSession(home);
    writeRegistry(home, { [`agent:main:telegram:group:${round}`]: boundEntry(sessionId) });
    appendFileSync(home.log, `${now()} sessionId=${sessionId} unexpected tool_use_id in tool_result\n`);
    const report = await keeperJson(["rotate", ...args]);
    expect(report.status).toBe(0);
    if (round === 2) expect(report.installations[0]?.spared).toMatchObject([{ because: "restart-limit" }]);
  }
  expect(restarts()).toBe(1);
  const folder = join(home.state, "installations");
  const path = join(folder, readdirSync(folder).find((name) => /^[^.]+\.json$/.test(name)) ?? "");
  const state = JSON.parse(readFileSync(path, "utf8"));
  writeFileSync(path, JSON.stringify({ ...state, restarts: state.restarts.map((at: number) => at - 11_000) }));
  expect((await keeperJson(["rotate", ...args])).status).toBe(0);
  expect((await keeperJson(["rotate", ...args])).status).toBe(0);
  expect(restarts()).toBe(2);
});

test("a restart that fails is a failure with a plain word, and the session stays mended", async () => {
  const incident = makeIncident();
  home = incident;
  const broken = readFileSync(incident.transcript, "utf8");
  const bus = ["sh", "-c", "echo 'Failed to connect to bus: No medium found' >&2; exit 1"];
  const { args } = configure(home, { restart: bus });
  const run = await keeper(["rotate", ...args]);
  expect(run.status).toBe(3);
  expect(run.stderr).toContain("no user bus");
  expect(readFileSync(incident.transcript, "utf8")).not.toBe(broken);
});

test("an unhealthy gateway after the restart is a failure", async () => {
  home = makeIncident();
  const { args } = configure(home, { health: ["false"], restartTimeout: "1s" });
  expect((await keeper(["rotate", ...args])).status).toBe(3);
});

test("a crontab run tells the same trouble once", async () => {
  twoConversations();
  const { args } = configure(home);
  const { sessionId } = addClaudeSession(home, { bytes: 3_000_000, idleMs: 1000 });
  writeRegistry(home, { "agent:main:main": boundEntry(sessionId) });
  const first = await keeper(["rotate", "--cron", ...args]);
  expect(first.stdout).toContain(sessionId);
  expect(first.status).toBe(1);
  expect((await keeper(["rotate", "--cron", ...args])).stdout).toBe("");
  expect((await keeper(["rotate", ...args])).stdout).toContain(sessionId);
});

test("a line that was dealt with does not act again when it turns up in another file of the log", async () => {
  const { second } = twoConversations();
  const line = `${now()} sessionId=${second.sessionId} unexpected tool_use_id in tool_result\n`;
  appendFileSync(home.log, line);
  const args = [...home.args, "--gateway-log", join(home.root, "*.log")];
  expect((await keeper(["rotate", ...args])).status).toBe(0);
  writeFileSync(second.path, '{"type":"user"}\n');
  writeFileSync(join(home.root, "copy.log"), `${now()} [gateway] another file\n${line}`);
  expect(await keeper(["rotate", ...args])).toMatchObject({ status: 0, stdout: "" });
  expect(statSync(second.path).size).toBeGreaterThan(0);
});

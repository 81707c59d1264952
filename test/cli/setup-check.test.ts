import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { ReportDocument, ReportedCheck } from "../../src/report/document.ts";
import { reportSchema } from "../../src/report/schema.ts";
import { giveTo, isRoot, needsRoot, OWNER } from "../crash/rotate-as.ts";
import { configure } from "../support/configure.ts";
import { cronScene } from "../support/fake-programs.ts";
import { addClaudeSession, age, snapshot } from "../support/home.ts";
import { keeper, keeperJson } from "../support/keeper.ts";
import { put } from "../support/surroundings.ts";

function all(report: ReportDocument): ReportedCheck[] {
  return [...(report.checks ?? []), ...report.installations.flatMap(({ checks = [] }) => checks)];
}

const said = (report: ReportDocument) => all(report).map(({ kind, severity }) => `${kind} ${severity}`);
const about = (report: ReportDocument, kind: string) => all(report).filter((check) => check.kind === kind);

test("a look at a home and its machine changes nothing, and every line has its words", async () => {
  const bot = cronScene();
  addClaudeSession(bot);
  const before = snapshot(bot.root);
  const { status, stderr, ...report } = await keeperJson(["setup", "check", ...bot.args], bot.env);
  reportSchema.parse(report);
  expect({ status, stderr }).toEqual({ status: 1, stderr: "" });
  expect(Object.keys(snapshot(bot.root)).filter((name) => !(name in before))).toEqual(["calls"]);
  for (const { message, remedy = "" } of all(report)) expect(message + remedy).not.toMatch(/undefined|NaN|\[object/);
  expect(said(report)).toEqual(
    expect.arrayContaining([
      "node-recent ok",
      "lines-missing warning",
      "paths-usable ok",
      "log-readable ok",
      "openclaw-known ok",
      "claude-known ok",
    ]),
  );
  expect(about(report, "claude-known")[0]?.evidence).toMatchObject({ written: "2.1.42" });
});

test("after setup cron --install the lines are there, and cron finds what they call", async () => {
  const bot = cronScene();
  await keeper(["setup", "cron", "--install", ...bot.args], bot.env);
  const report = await keeperJson(["setup", "check", ...bot.args], bot.env);
  expect(said(report)).toEqual(expect.arrayContaining(["lines-found ok", "minutes-apart ok", "cron-finds-program ok"]));
  expect(said(report).filter((line) => /lacks|missing|twice/.test(line))).not.toContain("lines-missing warning");
});

test("a crontab as people write it: no PATH, an old script beside it, the same minute", async () => {
  const bot = cronScene();
  writeFileSync(
    bot.crontab,
    [
      "PATH=/nonexistent",
      "0 * * * * session-keeper rotate --cron",
      "0 * * * * session-keeper archive",
      "*/5 * * * * /home/jarvis/rotate-session.sh",
      "",
    ].join("\n"),
  );
  const report = await keeperJson(["setup", "check", ...bot.args], bot.env);
  expect(said(report)).toEqual(
    expect.arrayContaining([
      "cron-lacks-program error",
      "command-missing advice",
      "runs-seldom advice",
      "same-minute advice",
      "line-talks advice",
      "other-keeper warning",
    ]),
  );
});

test("a Node that is too old for cron is asked for its version, and told", async () => {
  const bot = cronScene();
  put(join(bot.root, "old", "node"), "#!/bin/sh\necho v18.19.0\n", 0o755);
  put(join(bot.root, "old", "session-keeper"), "#!/usr/bin/env node\n", 0o755);
  writeFileSync(bot.crontab, `PATH=${join(bot.root, "old")}:/bin\n3-59/5 * * * * session-keeper rotate --cron\n`);
  const report = await keeperJson(["setup", "check", ...bot.args], bot.env);
  expect(about(report, "cron-node-old")).toMatchObject([{ severity: "error", evidence: { version: "18.19.0" } }]);
});

test("the gateway's commands are looked up and sudo is asked; none of them runs", async () => {
  const bot = cronScene();
  bot.programs.add("sudo", "exit 1");
  bot.programs.add("journalctl", 'echo "MESSAGE=secret words"');
  const { args } = configure(
    bot,
    { restart: ["sudo", "-n", "systemctl", "restart", "jarvis"], health: ["no-such-program"] },
    [bot.log, "journal:jarvis.service", join(bot.root, "gone.log")],
  );
  const { stdout } = await keeper(["setup", "check", "--json", ...args], bot.env);
  const report = JSON.parse(stdout) as ReportDocument;
  expect(about(report, "sudo-asks")[0]?.remedy).toMatch(/ALL=\(root\) NOPASSWD: \S+ restart jarvis$/);
  expect(said(report)).toEqual(
    expect.arrayContaining(["command-not-found error", "journal-readable ok", "log-missing warning"]),
  );
  expect(bot.programs.calls()).toContain("sudo -n -l -- systemctl restart jarvis");
  expect(bot.programs.calls().filter((call) => /^(sudo|systemctl)/.test(call))).toHaveLength(1);
  expect(stdout).not.toMatch(/secret/);
});

test("settings of OpenClaw that invite trouble are told with the key to set", async () => {
  const bot = cronScene();
  const maintenance = { mode: "enforce", pruneAfter: "1d", maxDiskBytes: "1gb" };
  writeFileSync(
    join(bot.openclaw, "openclaw.json"),
    JSON.stringify({ meta: { lastTouchedVersion: "2026.4.27" }, gateway: { port: 1 }, session: { maintenance } }),
  );
  const report = await keeperJson(["setup", "check", ...bot.args], bot.env);
  expect(about(report, "pruner-first")[0]).toMatchObject({
    severity: "warning",
    evidence: { pruneAfterMs: 86_400_000 },
  });
  expect(about(report, "disk-budget")[0]?.remedy).toMatch(/session\.maintenance\.maxDiskBytes/);
  expect(about(report, "reserve-small")[0]?.remedy).toMatch(/reserveTokensFloor: 25000/);
});

test("a clock that is behind the files is an error", async () => {
  const bot = cronScene();
  const { path } = addClaudeSession(bot);
  age(path, -7_200_000);
  const report = await keeperJson(["setup", "check", ...bot.args], bot.env);
  expect(about(report, "clock-behind-files")).toMatchObject([{ severity: "error", path }]);
});

test("archives among the sessions are refused as a line, not as a failure", async () => {
  const bot = cronScene();
  const args = ["setup", "check", ...bot.args, "--archive-dir", join(bot.claude, "projects", "x")];
  const report = await keeperJson(args, bot.env);
  expect(report.status).toBe(1);
  expect(said(report)).toContain("archive-misplaced error");
});

test("a configuration that is not accepted is told, and what needs none is looked at all the same", async () => {
  const bot = cronScene();
  const file = put(join(bot.root, "config.json5"), "{ rotat: {} }");
  const report = await keeperJson(["setup", "check", "--config", file], bot.env);
  expect(report).toMatchObject({ status: 2, error: { code: "config" }, installations: [] });
  expect(said(report)).toContain("node-recent ok");
});

test("a configuration that repeats defaults, and one that others read although it holds an address", async () => {
  const bot = cronScene();
  const text = `{ rotate: { maxSize: "2MB" }, ping: { url: "https://example.org/secret" }, installations: { a: { openclaw: { home: "${bot.openclaw}" }, claude: false } } }`;
  const file = put(join(bot.root, "config.json5"), text, 0o644);
  const { stdout } = await keeper(["setup", "check", "--json", "--config", file, "--state-dir", bot.state], bot.env);
  const report = JSON.parse(stdout) as ReportDocument;
  expect(about(report, "configuration-repeats")[0]?.evidence.keys).toEqual(["rotate.maxSize"]);
  expect(said(report)).toContain("configuration-open warning");
  expect(stdout).not.toContain("example.org");
});

test("a home that is gone is that installation's failure; the rest is told", async () => {
  const bot = cronScene();
  const file = put(
    join(bot.root, "config.json5"),
    `{ installations: { here: { openclaw: { home: "${bot.openclaw}" }, claude: false }, gone: { openclaw: { home: "/nonexistent/x" }, claude: false } } }`,
  );
  const report = await keeperJson(["setup", "check", "--config", file, "--state-dir", bot.state], bot.env);
  expect(report.status).toBe(3);
  const [here, gone] = report.installations;
  expect(here?.checks?.length).toBeGreaterThan(3);
  expect(gone).toMatchObject({ name: "gone", failure: { code: "failed" } });
});

test("on a screen each remedy stands below its line; quiet leaves what is well", async () => {
  const bot = cronScene();
  const { stdout } = await keeper(["setup", "check", ...bot.args], bot.env);
  expect(stdout).toMatch(
    /warning {2}nothing starts session-keeper.*\n(?: +\S.*\n)* +-> session-keeper setup cron --install\n/,
  );
  const quiet = await keeper(["setup", "check", "--quiet", ...bot.args], bot.env);
  expect(quiet.stdout).toMatch(/^this machine\n/);
  expect(quiet.stdout).not.toMatch(/^ +(ok|advice) /m);
});

test.skipIf(!isRoot)(`as root, another user's home is tried as that user (${needsRoot})`, async () => {
  const bot = cronScene();
  addClaudeSession(bot);
  giveTo(bot, OWNER);
  chmodSync(bot.root, 0o755);
  const closed = join(bot.root, "closed");
  put(join(closed, "x"), "");
  chmodSync(closed, 0o700);
  const args = bot.args.slice(0, bot.args.indexOf("--state-dir"));
  const report = await keeperJson(["setup", "check", ...args, "--archive-dir", join(closed, "archives")], bot.env);
  expect(about(report, "path-unwritable")).toMatchObject([
    { path: join(closed, "archives"), evidence: { at: closed, errno: "EACCES", uid: OWNER, owner: 0, mode: "0700" } },
  ]);
});

import { execFileSync } from "node:child_process";
import { appendFileSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { reportSchema } from "../../src/report/schema.ts";
import {
  addClaudeSession,
  addOpenClawSession,
  age,
  archivesIn,
  boundEntry,
  type Home,
  makeHome as makeAnyHome,
  readRegistryOf,
  sessionsFolder,
  snapshot,
  unzip,
  writeRegistry,
} from "../support/home.ts";
import { keeper, keeperJson } from "../support/keeper.ts";

let home: Home;
afterEach(() => home?.remove());

const BIG = 3_000_000;
/** What large sessions that are given up become here. */
const emptying = (made: Home): Home => ({ ...made, args: [...made.args, "--strategy", "empty"] });
const makeHome = (...options: Parameters<typeof makeAnyHome>) => emptying(makeAnyHome(...options));

/** A bot whose one conversation has grown too large. */
function oversizedBot(version?: string) {
  home = makeHome(version === undefined ? {} : { version });
  const session = addClaudeSession(home, { bytes: BIG, edits: ["/w/src/a.ts", "/w/src/b.ts", "/w/src/a.ts"] });
  const entry = boundEntry(session.sessionId, { thinkingLevel: "low", huge: 1 });
  writeRegistry(home, { "agent:main:main": entry, "agent:main:telegram:group:-5": { sessionId: "g", updatedAt: 5 } });
  return { ...session, original: readFileSync(session.path) };
}

test("an oversized bot session is archived, noted, forgotten and emptied", async () => {
  const { path, sessionId, original } = oversizedBot();
  const registry = join(sessionsFolder(home), "sessions.json");
  writeFileSync(registry, readFileSync(registry, "utf8").replace('"huge": 1', '"huge": 12345678901234567890'));
  const report = await keeperJson(["rotate", ...home.args]);
  const { status: _, stderr: __, ...document } = report;
  expect(() => reportSchema.parse(document)).not.toThrow();
  expect(report.status).toBe(0);
  expect(report.installations[0]?.findings).toMatchObject([
    { kind: "oversized", severity: "warning", resolved: true, sessionId, sessionKey: "agent:main:main" },
  ]);
  expect(report.installations[0]?.actions.map(({ kind, result }) => [kind, result])).toEqual([
    ["archive-transcript", "done"],
    ["append-note", "done"],
    ["edit-registry", "done"],
    ["empty-transcript", "done"],
  ]);
  const [archive = ""] = archivesIn(join(home.claude, "session-archives"));
  expect(archive).toMatch(new RegExp(`/claude-code/[^/]+/${sessionId}\\.\\d{8}T\\d{6}Z\\.size\\.jsonl\\.gz$`));
  expect(execFileSync("zcat", [archive], { maxBuffer: 1e8 }).equals(original)).toBe(true);
  expect(statSync(archive).mode & 0o777).toBe(0o600);
  expect(readFileSync(path, "utf8").trim()).toBe("");
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const entry = readRegistryOf(home)["agent:main:main"] ?? {};
  expect(Object.keys(entry)).toEqual(["sessionId", "updatedAt", "chatType", "thinkingLevel", "huge"]);
  expect(readFileSync(registry, "utf8")).toContain("12345678901234567890");
  const note = readFileSync(join(home.workspace, "memory", `${new Date().toISOString().slice(0, 10)}.md`), "utf8");
  expect(note).toContain(sessionId);
  expect(note.match(/- \/w\/src\/a\.ts/g)).toHaveLength(1);
  expect(note).toContain("/w/src/b.ts");
});

test("the same run again finds nothing, says nothing and archives nothing", async () => {
  oversizedBot();
  await keeper(["rotate", ...home.args]);
  const before = snapshot(home.claude);
  expect(await keeper(["rotate", ...home.args])).toMatchObject({ status: 0, stdout: "", stderr: "" });
  expect(snapshot(home.claude)).toEqual(before);
});

test("a dry run tells what would be done, exits 1 and changes not a byte, not even of its own state", async () => {
  oversizedBot();
  const before = snapshot(home.root);
  const report = await keeperJson(["rotate", "--dry-run", ...home.args]);
  expect(report.status).toBe(1);
  expect(report.installations[0]?.actions.map(({ result }) => result)).toEqual([
    "planned",
    "planned",
    "planned",
    "planned",
  ]);
  const text = await keeper(["rotate", "--dry-run", ...home.args]);
  expect(text.stdout).toContain("dry run: nothing was changed");
  expect(snapshot(home.root)).toEqual(before);
});

test("eleven rotations leave ten archives, each a whole copy", async () => {
  const { path, sessionId, original } = oversizedBot();
  for (let round = 0; round < 11; round += 1) {
    writeFileSync(path, Buffer.concat([original, Buffer.from(`{"round":${round}}\n`)]));
    age(path, 60_000);
    expect((await keeper(["rotate", ...home.args])).status).toBe(0);
  }
  const archives = archivesIn(join(home.claude, "session-archives"));
  expect(archives).toHaveLength(10);
  const rounds = archives.map((archive) => unzip(archive).toString().trimEnd().split("\n").at(-1));
  expect(rounds.sort()).toEqual(Array.from({ length: 10 }, (_, index) => `{"round":${index + 1}}`).sort());
  expect(archives.every((archive) => archive.includes(sessionId))).toBe(true);
}, 60_000);

test("an emptied transcript looks just older than the others of its folder", async () => {
  const { path } = oversizedBot();
  const other = addClaudeSession(home, { idleMs: 86_400_000 });
  await keeper(["rotate", ...home.args]);
  const difference = statSync(other.path).mtimeMs - statSync(path).mtimeMs;
  expect(difference).toBeGreaterThan(0);
  expect(difference).toBeLessThan(60_000);
});

test("the only transcript of its folder keeps its time", async () => {
  const { path } = oversizedBot();
  const before = statSync(path).mtimeMs;
  await keeper(["rotate", ...home.args]);
  expect(Math.abs(statSync(path).mtimeMs - before)).toBeLessThan(1);
});

test("an unbound session in the bot's folder is the bot's, unless its rows show a person", async () => {
  home = makeHome();
  writeRegistry(home, {});
  const unattended = addClaudeSession(home, { bytes: BIG, entrypoint: "sdk-cli" });
  const attended = addClaudeSession(home, { bytes: BIG, entrypoint: "cli" });
  const report = await keeperJson(["rotate", ...home.args]);
  expect(report.status).toBe(0);
  expect(statSync(unattended.path).size).toBe(0);
  expect(statSync(attended.path).size).toBeGreaterThan(BIG);
  expect(report.installations[0]?.spared).toMatchObject([{ because: "personal", sessionId: attended.sessionId }]);
});

test("a personal session is left alone, said so, and wakes nobody", async () => {
  home = makeHome();
  writeRegistry(home, {});
  const { path, sessionId } = addClaudeSession(home, { bytes: BIG, project: "-home-me-project" });
  expect(await keeper(["rotate", ...home.args])).toMatchObject({ status: 0, stdout: "", stderr: "" });
  const report = await keeperJson(["rotate", ...home.args]);
  expect(report.installations[0]).toMatchObject({
    findings: [{ kind: "oversized", severity: "info" }],
    actions: [],
    spared: [{ because: "personal", sessionId }],
  });
  expect((await keeper(["rotate", ...home.args])).status).toBe(0);
  expect(statSync(path).size).toBeGreaterThan(BIG);
  expect((await keeper(["rotate", "--session", sessionId, ...home.args])).status).toBe(0);
  expect(statSync(path).size).toBe(0);
});

test("--force needs a name, and rotates what is small", async () => {
  home = makeHome();
  writeRegistry(home, {});
  const { path, sessionId } = addClaudeSession(home, { bytes: 5000 });
  expect((await keeper(["rotate", "--force", ...home.args])).status).toBe(2);
  await keeper(["rotate", "--session", sessionId, ...home.args]);
  expect(statSync(path).size).toBeGreaterThan(0);
  const report = await keeperJson(["rotate", "--session", sessionId, "--force", ...home.args]);
  expect(report.installations[0]?.actions[0]?.detail?.archive).toMatch(/\.manual\.jsonl\.gz$/);
  expect(statSync(path).size).toBe(0);
});

test("a session that is nowhere is a usage error, and so is an unknown installation", async () => {
  oversizedBot();
  expect((await keeper(["rotate", "--session", "nowhere", ...home.args])).status).toBe(2);
  expect((await keeper(["rotate", "-i", "nobody", ...home.args])).status).toBe(2);
  expect(existsSync(join(home.claude, "session-archives"))).toBe(false);
});

test("a session that was written to a moment ago waits, and the run says so", async () => {
  const { path } = oversizedBot();
  age(path, 5000);
  const report = await keeperJson(["rotate", ...home.args]);
  expect(report.status).toBe(1);
  expect(report.installations[0]?.actions).toMatchObject([{ kind: "empty-transcript", result: "busy" }]);
  expect(statSync(path).size).toBeGreaterThan(BIG);
});

test("an OpenClaw transcript goes into the archive, and its entry gets a fresh start", async () => {
  home = makeHome();
  const { path, sessionId } = addOpenClawSession(home, { bytes: BIG });
  const original = readFileSync(path);
  writeRegistry(home, {
    "agent:main:main": {
      sessionId,
      sessionFile: path,
      updatedAt: Date.now() - 300_000,
      totalTokens: 5,
      compactionCount: 2,
      thinkingLevel: "high",
      lastTo: "telegram:1",
      deliveryContext: { channel: "telegram", to: "1" },
      pluginThing: { a: 1 },
    },
  });
  const report = await keeperJson(["rotate", ...home.args]);
  expect(report.status).toBe(0);
  expect(existsSync(path)).toBe(false);
  expect(unzip(archivesIn(join(home.openclaw, "session-archives"))[0] ?? "").equals(original)).toBe(true);
  const entry = readRegistryOf(home)["agent:main:main"] ?? {};
  expect(entry.sessionId).not.toBe(sessionId);
  expect(entry).toMatchObject({ thinkingLevel: "high", lastTo: "telegram:1", pluginThing: { a: 1 } });
  for (const gone of ["sessionFile", "totalTokens", "compactionCount"]) expect(entry).not.toHaveProperty(gone);
});

test("in an era whose registry has no lock, nothing is touched while a gateway runs, and rotated when none does", async () => {
  const { path } = oversizedBot("2026.6.11");
  const { spawn } = await import("node:child_process");
  const gateway = spawn(process.execPath, ["-e", "setTimeout(() => {}, 60000)", "openclaw", "gateway"], {
    env: { ...process.env, OPENCLAW_STATE_DIR: home.openclaw },
  });
  await new Promise((resolve) => gateway.once("spawn", resolve));
  const before = snapshot(home.openclaw);
  const spared = await keeperJson(["rotate", ...home.args]);
  gateway.kill();
  await new Promise((resolve) => gateway.once("close", resolve));
  expect(spared).toMatchObject({
    status: 1,
    installations: [{ era: "F3b", actions: [], spared: [{ because: "gateway-up" }] }],
  });
  expect(snapshot(home.openclaw)).toEqual(before);
  expect(statSync(path).size).toBeGreaterThan(BIG);
  expect((await keeperJson(["rotate", ...home.args])).status).toBe(0);
  expect(statSync(path).size).toBe(0);
});

test("where SQLite holds the sessions, nothing under the OpenClaw home changes, and Claude Code's files are looked after", async () => {
  home = makeHome({ version: "2026.9.6" });
  writeRegistry(home, {});
  const { path } = addClaudeSession(home, { bytes: BIG });
  const before = snapshot(home.openclaw);
  const report = await keeperJson(["rotate", ...home.args]);
  expect(report).toMatchObject({
    status: 0,
    installations: [
      {
        era: "S",
        findings: [
          { kind: "sqlite-era", severity: "info" },
          { kind: "oversized", resolved: true },
        ],
      },
    ],
  });
  expect(snapshot(home.openclaw)).toEqual(before);
  expect(statSync(path).size).toBe(0);
  const [archive = ""] = archivesIn(join(home.claude, "session-archives"));
  expect(existsSync(archive.replace(/\.jsonl\.gz$/, ".note.md"))).toBe(true);
});

test("a binding to a transcript without rows is cleared", async () => {
  home = makeHome();
  const { path, sessionId } = addClaudeSession(home);
  writeFileSync(path, "   \n");
  age(path, 60_000);
  writeRegistry(home, { "agent:main:main": boundEntry(sessionId) });
  const report = await keeperJson(["rotate", ...home.args]);
  expect(report).toMatchObject({
    status: 0,
    installations: [
      { findings: [{ kind: "stale-binding", resolved: true }], actions: [{ kind: "edit-registry", result: "done" }] },
    ],
  });
  expect(readRegistryOf(home)["agent:main:main"]).not.toHaveProperty("cliSessionIds");
});

test("a home that was named and is not there is that installation's failure, with its path", async () => {
  home = makeHome();
  rmSync(home.claude, { recursive: true });
  const report = await keeperJson(["rotate", ...home.args]);
  expect(report.status).toBe(3);
  expect(report.installations[0]?.failure?.message).toContain(home.claude);
});

test("without any home there is nothing to do, and nothing to say", async () => {
  home = makeHome();
  const empty = join(home.root, "nobody");
  expect(await keeper(["rotate"], { HOME: empty })).toMatchObject({ status: 0, stdout: "", stderr: "" });
  expect((await keeperJson(["rotate"], { HOME: empty })).installations).toMatchObject([{ name: "files", era: null }]);
});

test("no text of a conversation reaches the screen, the document, the journal or the state", async () => {
  const { path, sessionId } = oversizedBot();
  appendFileSync(path, `${JSON.stringify({ type: "user", message: { role: "user", content: "xyzzy-secret" } })}\n`);
  age(path, 60_000);
  appendFileSync(
    home.log,
    `${new Date().toISOString()} [agent] unexpected tool_use_id found in tool_result blocks, session ${sessionId} xyzzy-secret\n`,
  );
  const text = await keeper(["rotate", "-v", ...home.args]);
  const kept = Object.values(snapshot(home.state)).map((entry) =>
    Buffer.from(entry.split(" ")[2] ?? "", "base64").toString(),
  );
  expect([text.stdout, text.stderr, ...kept].join("")).not.toContain("xyzzy");
  expect(text.stdout).toContain("corrupt");
});

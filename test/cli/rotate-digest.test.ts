import { spawn } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { readCatalog } from "../../src/archive/catalog.ts";
import { linesIn } from "../support/cut.ts";
import {
  addClaudeSession,
  age,
  archivesIn,
  boundEntry,
  type Home,
  makeHome,
  readRegistryOf,
  sessionsFolder,
  unzip,
  writeRegistry,
} from "../support/home.ts";
import { keeperJson } from "../support/keeper.ts";
import { writeTranscript } from "../support/transcript-generator.ts";

let home: Home;
afterEach(() => home?.remove());

const KEY = "agent:main:main";
const SECRET = "the ladder in the orchard is blue";

/** A bot whose large session never was compacted. `say`: what the user said last. */
function aBot(say = SECRET) {
  home = makeHome();
  const { sessionId, path } = addClaudeSession(home, { bytes: 3_000_000, edits: ["/w/src/a.ts"] });
  const last = JSON.parse(linesIn(path).at(-1) ?? "");
  const row = (type: string, uuid: string, parentUuid: string, content: unknown, second: number) => ({
    ...last,
    parentUuid,
    type,
    message: { role: type, content },
    uuid,
    timestamp: new Date(Date.parse(last.timestamp) + second * 1000).toISOString(),
  });
  const reply = [{ type: "text", text: "Understood, blue." }];
  const rows = [row("user", "ask-1", last.uuid, say, 1), row("assistant", "reply-1", "ask-1", reply, 2)];
  writeFileSync(path, `${readFileSync(path, "utf8")}${rows.map((one) => `${JSON.stringify(one)}\n`).join("")}`);
  age(path, 120_000);
  writeRegistry(home, { [KEY]: boundEntry(sessionId) });
  return { sessionId, path, original: readFileSync(path, "utf8"), before: statSync(path) };
}

function configured(rotate: object): string[] {
  const config = join(home.root, "config.json5");
  chmodSync(home.root, 0o700);
  const bot = { openclaw: { home: home.openclaw }, claude: { home: home.claude }, gateway: { logs: [home.log] } };
  writeFileSync(config, JSON.stringify({ installations: { bot }, rotate }), { mode: 0o600 });
  return ["--config", config, "--state-dir", home.state];
}

const summaryIn = (path: string): string =>
  linesIn(path)
    .map((line) => JSON.parse(line))
    .find(({ isCompactSummary }) => isCompactSummary)?.message.content;

test("a bot's large session without a compaction becomes a digest, from which the same id goes on", async () => {
  const { sessionId, path, original, before } = aBot();
  const registry = readRegistryOf(home);
  const report = await keeperJson(["rotate", ...home.args]);
  expect(report.status).toBe(0);
  expect(report.installations[0]?.actions.map(({ kind, result }) => `${kind} ${result}`)).toEqual([
    "archive-transcript done",
    "append-note done",
    "digest-transcript done",
  ]);
  expect(report.installations[0]?.findings[0]?.message).toContain("a cut is not possible");
  const [archive = ""] = archivesIn(join(home.claude, "session-archives"));
  expect(unzip(archive).toString()).toBe(original);
  const words = summaryIn(path);
  for (const kept of [basename(archive), SECRET, "/w/src/a.ts"]) expect(words).toContain(kept);
  const [header, ...rows] = linesIn(path).map((line) => JSON.parse(line));
  expect(header).toMatchObject({ type: "segment-header", parentFile: basename(archive), segmentIndex: 2 });
  expect(rows.map(({ type }) => type)).toEqual(["system", "user", "assistant"]);
  expect(rows[2]).toMatchObject({ uuid: "reply-1", parentUuid: rows[1].uuid, sessionId });
  const after = statSync(path);
  expect([after.size < 16_000, after.mode, after.mtimeMs]).toEqual([true, before.mode, before.mtimeMs]);
  expect(readRegistryOf(home)).toEqual(registry);
  expect(JSON.stringify(report)).not.toContain("orchard");
  expect(await keeperJson(["rotate", ...home.args])).toMatchObject({ status: 0, summary: { actions: 0 } });
});

test("a personal session that is named becomes a digest as well, and is emptied only on request", async () => {
  const { sessionId, path, original } = aBot();
  writeRegistry(home, {});
  const own = path.replace(/projects\/[^/]+/, "projects/-home-me");
  mkdirSync(join(own, ".."), { recursive: true });
  renameSync(path, own);
  expect((await keeperJson(["rotate", ...home.args])).installations[0]?.spared).toMatchObject([
    { because: "personal" },
  ]);
  expect(readFileSync(own, "utf8")).toBe(original);
  const report = await keeperJson(["rotate", "--session", sessionId, ...home.args]);
  expect(report.installations[0]?.actions.at(-1)).toMatchObject({ kind: "digest-transcript", result: "done" });
  expect(summaryIn(own)).toContain(SECRET);
});

test("OpenClaw's own transcript with a tail beyond the hard limit becomes a digest, and one archive serves a second try", async () => {
  home = makeHome();
  const sessionId = "5e551011-d16e-4cab-8f00-0000000000a2";
  const path = join(sessionsFolder(home), `${sessionId}.jsonl`);
  writeTranscript(path, { dialect: "openclaw", bytes: 300_000, boundaries: 1, sessionId });
  age(path, 120_000);
  writeRegistry(home, { [KEY]: { sessionId, sessionFile: path, updatedAt: Date.now() - 300_000 } });
  const args = configured({ maxSize: "100KB", hardLimit: "110KB", quietFor: "1s" });
  const last = async (...more: string[]) => {
    const { installations } = await keeperJson(["rotate", ...more, ...args]);
    return installations[0]?.actions.map(({ kind, result }) => `${kind} ${result}`) ?? [];
  };
  expect((await last()).at(-1)).toBe("cut-transcript done");
  expect(statSync(path).size).toBeGreaterThan(110_000);
  const holder = spawn("sh", ["-c", `exec 3>>"$0"; exec sleep 60`, path], { stdio: "ignore" });
  while (!readdirSync(`/proc/${holder.pid}/fd`).includes("3"));
  expect((await last("--strategy", "cut", "--session", sessionId, "--force")).at(-1)).toBe("cut-transcript busy");
  holder.kill("SIGKILL");
  const again = await last();
  expect([again[0], again.at(-1)]).toEqual(["archive-transcript already-done", "digest-transcript done"]);
  const purposes = readCatalog(join(home.openclaw, "session-archives")).map(({ purpose }) => purpose);
  expect(purposes).toEqual(["cut", "digest"]);
});

test("a digest keeps to its size, and words that are too many are cut", async () => {
  const { path } = aBot(`${SECRET} ${"und die Leiter 🪜 ".repeat(3000)}`);
  await keeperJson(["rotate", ...configured({ digestSize: "4KB" })]);
  expect(statSync(path).size).toBeLessThanOrEqual(4000);
  expect(statSync(path).size).toBeGreaterThan(3000);
  expect(summaryIn(path)).toContain(SECRET);
});

test("a command of the user's may write the summary; when it fails, the plain digest serves", async () => {
  const summarize = ["sh", "-c", 'wc -l | sed "s/ //g; s/^/lines: /"; echo "# Written by a command"'];
  const { path, original } = aBot();
  expect((await keeperJson(["rotate", ...configured({ summarize })])).status).toBe(0);
  expect(summaryIn(path)).toContain("Written by a command");
  expect(summaryIn(path)).toContain(`lines: ${original.split("\n").length - 1}`);
  home.remove();
  const failing = aBot();
  const report = await keeperJson(["rotate", ...configured({ summarize: ["sh", "-c", "echo half; exit 3"] })]);
  expect(report.status).toBe(0);
  expect(report.installations[0]?.actions.at(-1)?.message).toContain("rotate.summarize, which failed: status 3");
  expect(summaryIn(failing.path)).toContain(SECRET);
  expect(summaryIn(failing.path)).not.toContain("half");
});

test("rows that a session takes back and writes anew while the summary is made stay in it, also when it is forced", async () => {
  const { sessionId, path, original } = aBot();
  const kept = original.slice(0, original.lastIndexOf('{"parentUuid":"ask-1"'));
  const anew = Array.from(
    { length: 8 },
    (_, index) => `{"type":"user","uuid":"NEW${index}","message":"${"x".repeat(500)}"}\n`,
  ).join("");
  const script = 'truncate -s "$1" "$0"; printf "%s" "$2" >> "$0"; echo Written by a command';
  const summarize = ["sh", "-c", script, path, String(Buffer.byteLength(kept)), anew];
  const report = await keeperJson(["rotate", "--session", sessionId, "--force", ...configured({ summarize })]);
  expect(report.installations[0]?.actions.at(-1)).toMatchObject({
    kind: "digest-transcript",
    result: "changed-since-plan",
  });
  expect(readFileSync(path, "utf8")).toBe(kept + anew);
});

test("a digest waits while the session is in use, unless it is forced", async () => {
  const { sessionId, path, original } = aBot();
  const folder = join(home.claude, "sessions");
  mkdirSync(folder);
  writeFileSync(join(folder, `${process.pid}.json`), JSON.stringify({ pid: process.pid, sessionId }));
  const busy = await keeperJson(["rotate", ...home.args]);
  expect(busy.installations[0]?.actions).toMatchObject([{ kind: "digest-transcript", result: "busy" }]);
  expect(readFileSync(path, "utf8")).toBe(original);
  const forced = await keeperJson(["rotate", "--session", sessionId, "--force", ...home.args]);
  expect(forced.installations[0]?.actions.at(-1)).toMatchObject({ kind: "digest-transcript", result: "done" });
});

test.for(["cut", "digest"] as const)(
  "OpenClaw's own transcript keeps its id in a %s, and its entry stops counting what is gone",
  async (strategy) => {
    home = makeHome();
    const sessionId = "5e551011-d16e-4cab-8f00-0000000000a1";
    const path = join(sessionsFolder(home), `${sessionId}.jsonl`);
    const boundaries = strategy === "cut" ? 3 : 0;
    writeTranscript(path, { dialect: "openclaw", bytes: 3_000_000, boundaries, sessionId });
    const at = Date.now() / 1000 - 300;
    utimesSync(path, at, at);
    const original = readFileSync(path, "utf8");
    const entry = { sessionId, sessionFile: path, updatedAt: Date.now() - 300_000, contextTokens: 200_000 };
    writeRegistry(home, {
      [KEY]: { ...entry, totalTokens: 190_000, inputTokens: 5, outputTokens: 6, thinkingLevel: "low" },
    });
    const report = await keeperJson(["rotate", ...home.args]);
    expect(report.status).toBe(0);
    expect(report.installations[0]?.actions.map(({ kind, result }) => `${kind} ${result}`)).toEqual([
      "archive-transcript done",
      "append-note done",
      "edit-registry done",
      `${strategy}-transcript done`,
    ]);
    expect(readRegistryOf(home)[KEY]).toEqual({ ...entry, thinkingLevel: "low" });
    const [header = "", row = ""] = linesIn(path);
    expect(header).toBe(original.split("\n")[0]);
    const [archive = ""] = archivesIn(join(home.openclaw, "session-archives"));
    expect(unzip(archive).toString()).toBe(original);
    expect(JSON.parse(row)).toMatchObject({ customType: "segment-header", data: { parentFile: basename(archive) } });
    expect(statSync(path).size).toBeLessThan(original.length / 2);
    expect(statSync(path).mtimeMs).toBeCloseTo(at * 1000, -1);
  },
);

import { appendFileSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import {
  addClaudeSession,
  addOpenClawSession,
  age,
  archivesIn,
  boundEntry,
  type Home,
  makeHome,
  sessionsFolder,
  snapshot,
  writeRegistry,
} from "../support/home.ts";
import { keeper, keeperJson } from "../support/keeper.ts";

let home: Home | undefined;
afterEach(() => {
  home?.remove();
  home = undefined;
});

const findingsOf = (report: Awaited<ReturnType<typeof keeperJson>>) => report.installations[0]?.findings ?? [];

describe("a bot's home", () => {
  function damagedHome(version = "2026.2.9") {
    home = makeHome({ version });
    const claude = addClaudeSession(home, { orphans: ["toolu_01LeftBehindHere"] });
    const own = addOpenClawSession(home);
    appendFileSync(own.path, '{"type":"message","id":"bbbbbbbb","parent');
    age(own.path, 120_000);
    const registry = writeRegistry(home, {
      "agent:main:main": boundEntry(claude.sessionId),
      "agent:main:slack:channel:c1": {
        sessionId: own.sessionId,
        sessionFile: own.path,
        updatedAt: Date.now() - 300_000,
      },
    });
    return { home, claude, own, registry };
  }

  test("looks at every transcript and at the log, and changes nothing without --repair", async () => {
    const { home, claude, own } = damagedHome();
    appendFileSync(
      home.log,
      `${new Date().toISOString()} Error: session file locked (timeout 10000ms): pid=1 x.lock\n`,
    );
    const before = snapshot(join(home.root, ".openclaw"));
    const report = await keeperJson(["detect-corruption", ...home.args]);
    expect(report.status).toBe(1);
    expect(findingsOf(report).map(({ kind, path }) => [kind, path])).toEqual([
      ["lock-timeout-logged", home.log],
      ["orphaned-result", claude.path],
      ["torn-tail", own.path],
    ]);
    expect(snapshot(join(home.root, ".openclaw"))).toEqual(before);
  });

  test("mends both dialects with --repair, leaves the registry, and restarts nothing", async () => {
    const { home, claude, own, registry } = damagedHome();
    const before = readFileSync(registry, "utf8");
    const report = await keeperJson(["detect-corruption", "--repair", ...home.args]);
    expect(report.status).toBe(0);
    expect(report.installations[0]?.actions.map(({ kind }) => kind)).toEqual([
      "archive-transcript",
      "repair-transcript",
      "archive-transcript",
      "repair-transcript",
    ]);
    expect(readFileSync(claude.path, "utf8")).not.toContain("toolu_01LeftBehindHere");
    expect(readFileSync(own.path, "utf8")).not.toContain("bbbbbbbb");
    expect(readFileSync(registry, "utf8")).toBe(before);
    expect(await keeper(["detect-corruption", "--repair", ...home.args])).toMatchObject({ status: 0, stdout: "" });
  });

  test("leaves what it holds in SQLite's era, and mends Claude Code's files beside it", async () => {
    const { home, claude, own } = damagedHome("2026.8.1");
    const before = readFileSync(own.path, "utf8");
    await keeperJson(["detect-corruption", "--repair", ...home.args]);
    expect(readFileSync(own.path, "utf8")).toBe(before);
    expect(readFileSync(claude.path, "utf8")).not.toContain("toolu_01LeftBehindHere");
    const named = await keeperJson(["detect-corruption", own.path, "--repair", "--state-dir", home.state]);
    expect(named.installations[0]?.spared).toMatchObject([{ because: "sqlite-era" }]);
    expect(readFileSync(own.path, "utf8")).toBe(before);
  });

  test("a live lock on a transcript is waited for, and stays", async () => {
    const { home, own } = damagedHome();
    const lock = join(sessionsFolder(home), `${own.sessionId}.jsonl.lock`);
    const text = JSON.stringify({ pid: process.pid, createdAt: new Date().toISOString() });
    writeFileSync(lock, text);
    const report = await keeperJson(["detect-corruption", "--repair", ...home.args]);
    expect(report.installations[0]?.actions.find(({ path }) => path === own.path)).toMatchObject({ result: "busy" });
    expect(readFileSync(lock, "utf8")).toBe(text);
  });

  test("a personal session is told, and mended only when it is named", async () => {
    home = makeHome();
    const { path } = addClaudeSession(home, { project: "-home-me-private", orphans: ["toolu_01LeftBehindHere"] });
    const before = readFileSync(path, "utf8");
    const report = await keeperJson(["detect-corruption", "--repair", ...home.args]);
    expect(report).toMatchObject({ status: 1, installations: [{ spared: [{ because: "personal-damaged" }] }] });
    expect(readFileSync(path, "utf8")).toBe(before);
    expect((await keeper(["detect-corruption", path, "--repair", "--state-dir", home.state])).status).toBe(0);
    expect(readFileSync(path, "utf8")).not.toContain("toolu_01LeftBehindHere");
    expect(archivesIn(join(home.claude, "session-archives"))).toHaveLength(1);
  });

  test("an error that OpenClaw stored in its transcript is told, until a reply comes", async () => {
    home = makeHome();
    const { path, sessionId } = addOpenClawSession(home);
    writeRegistry(home, { "agent:main:main": { sessionId, sessionFile: path, updatedAt: Date.now() } });
    const [id, timestamp] = ["cccccccc", new Date().toISOString()];
    const parentId = JSON.parse(readFileSync(path, "utf8").trimEnd().split("\n").at(-1) ?? "").id;
    const errorMessage =
      '400 {"type":"error","error":{"message":"messages.2.content.0: unexpected `tool_use_id` found in `tool_result` blocks: toolu_01X."}}';
    const message = { role: "assistant", content: [], stopReason: "error", errorMessage };
    appendFileSync(path, `${JSON.stringify({ type: "message", id, parentId, timestamp, message })}\n`);
    expect(findingsOf(await keeperJson(["detect-corruption", ...home.args]))).toMatchObject([
      { kind: "rejection-logged", severity: "error", path, evidence: { witness: "transcript", ids: ["toolu_01X"] } },
    ]);
    const reply = { role: "assistant", content: [{ type: "text", text: "fine" }], stopReason: "stop" };
    appendFileSync(
      path,
      `${JSON.stringify({ type: "message", id: "dddddddd", parentId: id, timestamp, message: reply })}\n`,
    );
    expect(findingsOf(await keeperJson(["detect-corruption", ...home.args]))).toEqual([]);
  });

  test("an error that a row tells of is no trouble any more once the transcript was mended after it", async () => {
    home = makeHome();
    const { path, sessionId } = addOpenClawSession(home);
    writeRegistry(home, { "agent:main:main": { sessionId, sessionFile: path, updatedAt: Date.now() } });
    const parentId = JSON.parse(readFileSync(path, "utf8").trimEnd().split("\n").at(-1) ?? "").id;
    const timestamp = new Date(Date.now() - 3_600_000).toISOString();
    const orphan = { role: "toolResult", toolCallId: "toolu_01X", content: [{ type: "text", text: "left over" }] };
    const errorMessage =
      '400 {"type":"error","error":{"message":"messages.2.content.0: unexpected `tool_use_id` found in `tool_result` blocks: toolu_01X."}}';
    const failed = { role: "assistant", content: [], stopReason: "error", errorMessage };
    const rows = [
      { type: "message", id: "bbbbbbbb", parentId, timestamp, message: orphan },
      { type: "message", id: "cccccccc", parentId: "bbbbbbbb", timestamp, message: failed },
    ];
    appendFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
    age(path, 3_600_000);
    expect((await keeper(["detect-corruption", "--repair", ...home.args])).status).toBe(0);
    expect(await keeper(["detect-corruption", ...home.args])).toMatchObject({ status: 0, stdout: "", stderr: "" });
    expect(findingsOf(await keeperJson(["detect-corruption", ...home.args]))).toMatchObject([
      { kind: "rejection-logged", severity: "info" },
    ]);
  });

  test("a pasted error leads to the session and the line that hold its ids", async () => {
    const { home, claude } = damagedHome();
    const error =
      "API Error: 400 messages.9.content.0: unexpected `tool_use_id` found in `tool_result` blocks: toolu_01LeftBehindHere. Each `tool_result` block must have a corresponding `tool_use` block in the previous message.";
    const report = await keeperJson(["detect-corruption", "--error", error, ...home.args]);
    const line = readFileSync(claude.path, "utf8").trimEnd().split("\n").length;
    expect(findingsOf(report)).toMatchObject([
      {
        kind: "rejection-logged",
        path: claude.path,
        line,
        evidence: { witness: "pasted", calls: [], results: [line] },
      },
      { kind: "orphaned-result", path: claude.path, line },
    ]);
    const unknown = await keeperJson([
      "detect-corruption",
      "--error",
      error.replace("LeftBehind", "Elsewhere"),
      ...home.args,
    ]);
    // what it names may be what was lost: everything is looked at
    expect(findingsOf(unknown)[0]).toMatchObject({
      kind: "rejection-logged",
      evidence: { ids: ["toolu_01ElsewhereHere"] },
    });
    expect(findingsOf(unknown).map(({ kind }) => kind)).toContain("orphaned-result");
  });

  test("what was looked at is not read again, and what was added is", async () => {
    const { home, claude } = damagedHome();
    await keeper(["detect-corruption", ...home.args]);
    const { mtimeMs } = statSync(claude.path);
    const text = readFileSync(claude.path, "utf8");
    // the same size and time: it would be found healthy, were it read again
    writeFileSync(
      claude.path,
      text.replace("toolu_01LeftBehindHere", text.match(/toolu_\w{8}0/)?.[0]?.padEnd(22, "x") ?? ""),
    );
    age(claude.path, Date.now() - mtimeMs);
    const same = statSync(claude.path);
    const again = await keeperJson(["detect-corruption", ...home.args]);
    expect(findingsOf(again).find(({ path }) => path === claude.path)?.evidence.ids).toEqual(
      same.mtimeMs === mtimeMs ? ["toolu_01LeftBehindHere"] : expect.anything(),
    );
    appendFileSync(claude.path, '{"type":"user","uuid":');
    age(claude.path, 60_000);
    const grown = await keeperJson(["detect-corruption", ...home.args]);
    expect(
      findingsOf(grown)
        .filter(({ path }) => path === claude.path)
        .map(({ kind }) => kind),
    ).toContain("torn-tail");
  });
});

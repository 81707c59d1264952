import { spawn } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { reportSchema } from "../../src/report/schema.ts";
import { damagedCases, healthyCases } from "../support/damaged.ts";
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
  unzip,
  writeRegistry,
} from "../support/home.ts";
import { keeper, keeperJson } from "../support/keeper.ts";

let home: Home | undefined;
let folder: string | undefined;
afterEach(() => {
  home?.remove();
  if (folder) rmSync(folder, { recursive: true });
  [home, folder] = [undefined, undefined];
});

/** A copy of a fixture, an hour old, in a folder of its own. */
function copyOf(
  name: string,
  dialect = "claude-code",
): { path: string; original: Buffer; repaired: Buffer | undefined } {
  folder ??= realpathSync(mkdtempSync(join(tmpdir(), "keeper-files-")));
  const found = damagedCases().find((one) => one.name === name && one.dialect === dialect);
  if (!found) throw new Error(`there is no fixture ${name}`);
  const path = join(folder, `${name}.jsonl`);
  copyFileSync(found.path, path);
  chmodSync(path, 0o600);
  age(path, 3_600_000);
  return { path, original: readFileSync(path), repaired: found.repaired };
}

const findingsOf = (report: Awaited<ReturnType<typeof keeperJson>>) => report.installations[0]?.findings ?? [];

describe("files, wherever they lie", () => {
  test("every damaged fixture is told as expected and mended to the byte; a second repair has nothing to do", async () => {
    const cases = damagedCases();
    const copies = cases.map(({ name, dialect, path, ...rest }) => {
      folder ??= realpathSync(mkdtempSync(join(tmpdir(), "keeper-files-")));
      mkdirSync(join(folder, dialect), { recursive: true });
      const copy = join(folder, dialect, `${name}.jsonl`);
      copyFileSync(path, copy);
      age(copy, 3_600_000);
      for (const bak of ["2026-02-09T11-00-00.000Z", "2026-02-09T12-00-00.000Z"])
        if (existsSync(`${path}.bak.${bak}`)) copyFileSync(`${path}.bak.${bak}`, `${copy}.bak.${bak}`);
      return { name, copy, original: readFileSync(copy), ...rest };
    });
    const files = copies.map(({ copy }) => copy);
    const where = ["--archive-dir", join(folder ?? "", "archive"), "--state-dir", join(folder ?? "", "state")];
    const seen = await keeperJson(["detect-corruption", ...files, ...where]);
    expect(seen.status).toBe(1);
    const { status: _, stderr: __, ...document } = seen;
    reportSchema.parse(document);
    for (const { copy, name, findings } of copies) {
      const told = findingsOf(seen)
        .filter(({ path }) => path === copy)
        .map(({ kind, severity, line, evidence }) => ({ kind, severity, line, ids: evidence.ids }));
      expect([name, sorted(told)]).toEqual([name, sorted(findings)]);
    }
    await keeperJson(["detect-corruption", "--repair", ...files, ...where]);
    for (const { copy, name, original, repaired } of copies)
      expect([name, readFileSync(copy, "latin1")]).toEqual([name, (repaired ?? original).toString("latin1")]);
    const again = await keeperJson(["detect-corruption", "--repair", ...files, ...where]);
    expect(again.installations[0]?.actions.filter(({ result }) => result === "done")).toEqual([]);
    const archives = archivesIn(join(folder ?? "", "archive")).map((path) => unzip(path).toString("latin1"));
    for (const { original, repaired } of copies) if (repaired) expect(archives).toContain(original.toString("latin1"));
  });

  test("healthy files are silent, and a look leaves no trace", async () => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), "keeper-files-")));
    for (const { name, dialect, path } of healthyCases()) copyFileSync(path, join(folder, `${dialect}-${name}.jsonl`));
    const before = snapshot(folder);
    const files = healthyCases().map(({ name, dialect }) => join(folder ?? "", `${dialect}-${name}.jsonl`));
    const home = join(folder, "home");
    expect(await keeper(["detect-corruption", ...files], { HOME: home })).toMatchObject({
      status: 0,
      stdout: "",
      stderr: "",
    });
    expect(snapshot(folder)).toEqual(before);
  });

  test("the report is of one installation named files, of no era, and names line, ids, effect and repair", async () => {
    const { path } = copyOf("orphaned-result-last");
    const report = await keeperJson(["detect-corruption", path]);
    expect(report.installations).toMatchObject([{ name: "files", era: null, dialects: ["claude-code"] }]);
    expect(findingsOf(report)).toMatchObject([
      {
        kind: "orphaned-result",
        severity: "error",
        resolved: false,
        path,
        evidence: {
          ids: ["toolu_01Gone"],
          repair: "drop-block",
          effects: [{ effect: "fatal" }, { effect: "harmless" }],
        },
      },
    ]);
  });

  test("a repair keeps mode and time, puts the original beside when there is no home, and says what was lost", async () => {
    const { path, original, repaired } = copyOf("orphaned-result-beside-good");
    const { mtimeMs } = statSync(path);
    const report = await keeperJson(["detect-corruption", path, "--repair"]);
    expect(report).toMatchObject({ status: 0, summary: { done: 2, failed: 0 } });
    expect(report.installations[0]?.actions).toMatchObject([
      { kind: "archive-transcript", result: "done", detail: { bytes: original.length } },
      { kind: "repair-transcript", result: "done", detail: { lost: { results: 1, calls: 0 }, left: 0 } },
    ]);
    expect(readFileSync(path).equals(repaired ?? Buffer.of())).toBe(true);
    expect(statSync(path).mtimeMs).toBeCloseTo(mtimeMs, 1);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const [archive = ""] = archivesIn(join(folder ?? "", "session-archives"));
    expect(archive).toMatch(/\.repair\.jsonl\.gz$/);
    expect(unzip(archive).equals(original)).toBe(true);
  });

  test("what cannot be mended keeps nothing else from it, and stays to be told", async () => {
    const { path, repaired } = copyOf("many");
    const report = await keeperJson(["detect-corruption", path, "--repair"]);
    expect(report.status).toBe(1);
    expect(findingsOf(report).filter(({ resolved, severity }) => !resolved && severity !== "info")).toMatchObject([
      { kind: "straggler", evidence: { repair: "none" } },
    ]);
    expect(readFileSync(path).equals(repaired ?? Buffer.of())).toBe(true);
  });

  test("a dry run tells what it would do and changes nothing", async () => {
    const { path } = copyOf("many");
    const before = snapshot(folder ?? "");
    const report = await keeperJson(["detect-corruption", "--repair", "--dry-run", path]);
    expect(report.installations[0]?.actions.map(({ kind, result }) => `${kind} ${result}`)).toEqual([
      "archive-transcript planned",
      "repair-transcript planned",
    ]);
    expect(snapshot(folder ?? "")).toEqual(before);
  });

  test("a file that somebody has open, or a link in its place, is left alone with a word", async () => {
    const { path, original } = copyOf("many");
    const writer = spawn("sh", ["-c", `exec 3>>'${path}'; echo ready; sleep 60`], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    await new Promise((resolve) => writer.stdout.once("data", resolve));
    age(path, 3_600_000);
    const busy = await keeperJson(["detect-corruption", path, "--repair"]);
    expect(busy).toMatchObject({ status: 1, installations: [{ actions: [{ result: "busy" }] }] });
    writer.kill();
    const link = join(folder ?? "", "link.jsonl");
    symlinkSync(path, link);
    const linked = await keeperJson(["detect-corruption", link, "--repair"]);
    expect(linked.installations[0]?.actions).toEqual([]);
    expect(readFileSync(path).equals(original)).toBe(true);
  });

  test("a file that is not there is a slip of the hand", async () => {
    const { status, stderr } = await keeper(["detect-corruption", "/nowhere/s.jsonl"]);
    expect(status).toBe(2);
    expect(stderr).toContain("there is no transcript /nowhere/s.jsonl");
  });

  test("nothing of the conversation is in a report, on the screen or in JSON", async () => {
    const { path, original } = copyOf("many");
    const words = original.toString("utf8").match(/"(?:text|content)":"([^"]{12,40})/g) ?? [];
    expect(words.length).toBeGreaterThan(3);
    const json = await keeper(["detect-corruption", path, "--repair", "--json"]);
    const { path: again } = copyOf("many");
    const human = await keeper(["detect-corruption", again, "--repair"]);
    for (const word of words) {
      const text = word.slice(word.indexOf(":") + 2);
      expect(json.stdout + json.stderr + human.stdout + human.stderr).not.toContain(text);
    }
  });
});

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
    expect(findingsOf(unknown)).toMatchObject([
      { kind: "rejection-logged", evidence: { ids: ["toolu_01ElsewhereHere"] } },
    ]);
    expect(findingsOf(unknown)).toHaveLength(1);
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

function sorted<T extends { line?: number | undefined; kind: string }>(findings: readonly T[]): T[] {
  return findings.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0) || a.kind.localeCompare(b.kind));
}

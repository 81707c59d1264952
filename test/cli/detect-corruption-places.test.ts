import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { damagedCases } from "../support/damaged.ts";
import { addClaudeSession, age, archivesIn, type Home, makeHome, sessionsFolder } from "../support/home.ts";
import { keeper, keeperJson } from "../support/keeper.ts";

let home: Home;
beforeEach(() => {
  home = makeHome();
});
afterEach(() => home.remove());

/** A damaged fixture at a place of one's choice, an hour old. */
function putAt(path: string, name: string, dialect = "claude-code"): { original: string; path: string } {
  const found = damagedCases().find((one) => one.name === name && one.dialect === dialect);
  if (!found) throw new Error(`there is no fixture ${name}`);
  mkdirSync(dirname(path), { recursive: true });
  copyFileSync(found.path, path);
  age(path, 3_600_000);
  return { path, original: readFileSync(path, "utf8") };
}

const repair = (...args: string[]) => keeperJson(["detect-corruption", "--repair", "--state-dir", home.state, ...args]);

test("a file deep in a Claude Code home has its archive beside the others of that home, never among sessions", async () => {
  const project = join(home.claude, "projects", "-w");
  const { path } = putAt(join(project, "s", "subagents", "workflows", "agent-1.jsonl"), "orphaned-result-beside-good");
  expect((await repair(path)).status).toBe(0);
  expect(archivesIn(join(home.claude, "session-archives"))).toHaveLength(1);
  expect(archivesIn(project)).toEqual([]);
});

test("a loose file keeps its archive beside it, also when one of a home is named with it", async () => {
  const loose = putAt(join(home.root, "loose", "l.jsonl"), "orphaned-result-beside-good");
  const own = addClaudeSession(home, { orphans: ["toolu_01LeftBehindHere"] });
  expect((await repair(loose.path, own.path)).status).toBe(0);
  expect(archivesIn(join(home.root, "loose", "session-archives"))).toHaveLength(1);
  expect(archivesIn(join(home.claude, "session-archives"))).toHaveLength(1);
});

test("files of two homes of a program are one home too many", async () => {
  const other = join(home.root, "other", "projects", "-w", "s.jsonl");
  putAt(other, "orphaned-result-beside-good");
  const { path } = addClaudeSession(home);
  const { status, stderr } = await keeper(["detect-corruption", path, other]);
  expect(status).toBe(2);
  expect(stderr).toContain("more than one Claude Code home");
});

test("what only an agent's database shows to be a home of the SQLite era is left as it is, at any depth", async () => {
  const state = join(home.root, "bare");
  const database = join(state, "agents", "main", "agent", "openclaw-agent.sqlite");
  mkdirSync(dirname(database), { recursive: true });
  const bytes = Buffer.alloc(100);
  bytes.write("SQLite format 3\0");
  bytes.writeUInt32BE(19, 60);
  writeFileSync(database, bytes);
  for (const place of ["s.jsonl", join("archive", "old.jsonl")]) {
    const { path, original } = putAt(join(state, "agents", "main", "sessions", place), "many", "openclaw");
    const report = await repair(path);
    expect(report.installations[0]?.spared).toMatchObject([{ because: "sqlite-era" }]);
    expect(readFileSync(path, "utf8")).toBe(original);
  }
});

test("a row that hangs on one from before the last compaction is a straggler, however its JSON is spaced", async () => {
  const path = join(home.root, "spaced.jsonl");
  const { original } = putAt(path, "straggler");
  const spaced = original.replace(/"(uuid|parentUuid)":/g, '"$1" : ');
  expect(spaced).not.toBe(original);
  writeFileSync(path, spaced);
  age(path, 3_600_000);
  const report = await repair(path);
  expect(report.installations[0]?.findings).toMatchObject([{ kind: "straggler", resolved: false }]);
  expect(readFileSync(path, "utf8")).toBe(spaced);
});

test("a pasted error whose session was mended is dealt with; one whose ids are nowhere leads to a look at all that was named", async () => {
  const error = (id: string) =>
    `messages.2.content.0: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${id}.`;
  const broken = putAt(join(home.root, "broken.jsonl"), "broken-line-garbled");
  const lost = await keeperJson(["detect-corruption", broken.path, "--error", error("toolu_01Nowhere")]);
  expect(lost.installations[0]?.findings.map(({ kind }) => kind)).toEqual(["rejection-logged", "broken-line"]);
  const { path } = putAt(join(home.root, "s.jsonl"), "orphaned-result-beside-good");
  const mended = await repair(path, "--error", error("toolu_01Gone"));
  expect(mended.status).toBe(0);
  expect(mended.installations[0]?.findings).toMatchObject([
    { kind: "rejection-logged", resolved: true },
    { kind: "orphaned-result", resolved: true },
  ]);
});

test("a line that nobody can take apart is told and left as it is, and the rest is mended", async () => {
  const path = join(home.root, "long.jsonl");
  const { original } = putAt(path, "orphaned-result-beside-good");
  writeFileSync(path, Buffer.concat([Buffer.from(original), Buffer.alloc(66 * 1024 * 1024), Buffer.from("\n")]));
  age(path, 3_600_000);
  const report = await repair(path);
  expect(report.installations[0]?.findings).toMatchObject([
    { kind: "orphaned-result", resolved: true },
    { kind: "broken-line", resolved: false, evidence: { reason: "too-long", repair: "none" } },
  ]);
});

test("many findings that say the same are one line on the screen, and its names cannot move the cursor", async () => {
  const path = join(home.root, "new\nline\u001b[31m.jsonl");
  writeFileSync(path, "rubbish\n".repeat(200));
  age(path, 3_600_000);
  const { stdout } = await keeper(["detect-corruption", path]);
  expect(stdout).toContain("200 lines, from line 1 on: the line cannot be read");
  expect(stdout).toContain("new\\nline\\u001b[31m.jsonl");
  expect(stdout).not.toContain("\u001b");
  expect(existsSync(sessionsFolder(home))).toBe(true);
});

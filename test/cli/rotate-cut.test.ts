import { appendFileSync, chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { afterEach, expect, test } from "vitest";
import type { CatalogRecord } from "../../src/archive/catalog.ts";
import { projectNamesOf } from "../../src/installation/paths.ts";
import { linesIn, linesOf } from "../support/cut.ts";
import {
  age,
  archivesIn,
  boundEntry,
  type Home,
  makeHome,
  readRegistryOf,
  unzip,
  writeRegistry,
} from "../support/home.ts";
import { keeper, keeperJson } from "../support/keeper.ts";
import { writeTranscript } from "../support/transcript-generator.ts";

let home: Home;
afterEach(() => home?.remove());

const SESSION = "5e551011-c07a-4cab-8f00-0000000000a1";

/** A conversation with compactions, bound by the gateway's registry or a person's own. */
function aSession(options: { bytes?: number; boundaries?: number; isPersonal?: boolean } = {}) {
  home = makeHome();
  const project = options.isPersonal ? "-home-me" : (projectNamesOf(home.workspace)[0] ?? "");
  const path = join(home.claude, "projects", project, `${SESSION}.jsonl`);
  mkdirSync(dirname(path), { recursive: true });
  const { bytes = 3_000_000, boundaries = 5 } = options;
  writeTranscript(path, { dialect: "claude-code", bytes, boundaries, sessionId: SESSION, cwd: home.workspace });
  age(path, 120_000);
  if (!options.isPersonal) writeRegistry(home, { "agent:main:main": boundEntry(SESSION) });
  const config = join(home.root, "config.json5");
  chmodSync(home.root, 0o700);
  return {
    path,
    original: readFileSync(path, "utf8"),
    rotate: (...more: string[]) => keeperJson(["rotate", ...home.args, ...more]),
    configure: (rotate: object) => {
      const installations = {
        default: { openclaw: { home: home.openclaw }, claude: { home: home.claude }, gateway: { logs: [home.log] } },
      };
      writeFileSync(config, JSON.stringify({ installations, rotate }));
      return keeperJson(["rotate", "--config", config, "--state-dir", home.state]);
    },
  };
}

const catalog = () =>
  linesIn(join(home.claude, "session-archives", "catalog.jsonl")).map((line) => JSON.parse(line) as CatalogRecord);
/** What the archives and the live file hold, with the rows of ours left out. */
function allLines(path: string): string[] {
  const archives = [...new Set(catalog().map(({ archive }) => archive))];
  const archived = archives.flatMap((name) => linesOf(unzip(join(home.claude, "session-archives", name)).toString()));
  return [...archived, ...linesIn(path)].filter((line) => !line.includes('"segment-header"'));
}

test("a bot's large session is cut at its last compaction and goes on under its id", async () => {
  const { path, original, rotate } = aSession();
  const before = { ...statSync(path), registry: readRegistryOf(home) };
  const report = await rotate();
  expect(report.status).toBe(0);
  expect(report.installations[0]?.findings).toMatchObject([
    { kind: "oversized", severity: "warning", resolved: true, evidence: { boundaryLine: expect.any(Number) } },
  ]);
  expect(report.installations[0]?.actions.map(({ kind, result }) => [kind, result])).toEqual([
    ["archive-transcript", "done"],
    ["append-note", "done"],
    ["cut-transcript", "done"],
  ]);
  expect(readRegistryOf(home)).toEqual(before.registry);
  const [archive = ""] = archivesIn(join(home.claude, "session-archives"));
  const [first = "", ...live] = linesIn(path);
  expect(JSON.parse(first)).toEqual({
    type: "segment-header",
    sessionId: SESSION,
    parentFile: basename(archive),
    rootSession: SESSION,
    segmentIndex: 2,
    timestamp: expect.stringMatching(/^2\d{3}-/),
    carriedLines: 0,
  });
  expect(unzip(archive).toString() + live.map((line) => `${line}\n`).join("")).toBe(original);
  expect(live[0]).toContain('"compact_boundary"');
  expect(live.filter((line) => line.includes('"compact_boundary"'))).toHaveLength(1);
  const after = statSync(path);
  expect([after.mtimeMs, after.mode]).toEqual([before.mtimeMs, before.mode]);
  expect(readdirSync(dirname(path))).toEqual([basename(path)]);
  expect(catalog()).toMatchObject([
    { segment: 1, purpose: "cut", rootSession: SESSION, firstAt: expect.any(String), lastAt: expect.any(String) },
  ]);
  expect(await rotate()).toMatchObject({ status: 0, summary: { actions: 0 } });
});

test("a session that grows again is cut again, and its segments are linked both ways", async () => {
  const { path, original, rotate } = aSession();
  await rotate();
  const more = join(home.root, "more.jsonl");
  writeTranscript(more, { dialect: "claude-code", bytes: 4_000_000, boundaries: 3, sessionId: SESSION, seed: 9 });
  appendFileSync(path, readFileSync(more));
  age(path, 120_000);
  await rotate();
  const [first, second, linked] = catalog();
  expect(linked).toEqual({ ...first, next: second?.archive });
  expect(second).toMatchObject({ segment: 2, previous: first?.archive, rootSession: SESSION });
  expect(JSON.parse(linesIn(path)[0] ?? "")).toMatchObject({
    segmentIndex: 3,
    parentFile: basename(second?.archive ?? ""),
  });
  expect(linesIn(path).filter((line) => line.includes('"segment-header"'))).toHaveLength(1);
  expect(allLines(path).join("\n") === (original + readFileSync(more, "utf8")).trimEnd()).toBe(true);
});

test("what a person's own session needs is a word: the policy, its name, or nothing happens", async () => {
  const { path, original, rotate } = aSession({ isPersonal: true });
  for (const more of [[], ["--strategy", "cut"], ["--strategy", "empty"]]) {
    const report = await rotate(...more);
    expect(report.installations[0]).toMatchObject({ actions: [], spared: [{ because: "personal" }] });
  }
  expect(readFileSync(path, "utf8")).toBe(original);
  const named = await rotate("--session", SESSION, "--dry-run");
  expect(named.installations[0]?.actions.map(({ kind }) => kind)).toContain("cut-transcript");
  expect(readFileSync(path, "utf8")).toBe(original);
});

test("a policy of cuts cuts large personal sessions, whatever the strategy, and does nothing else to them", async () => {
  const { path, rotate } = aSession({ isPersonal: true, bytes: 60_000_000, boundaries: 20 });
  const report = await rotate("--personal", "cut", "--strategy", "empty");
  expect(report.installations[0]?.actions.at(-1)).toMatchObject({ kind: "cut-transcript", result: "done" });
  expect(statSync(path).size).toBeLessThan(10_000_000);
  const uncut = aSession({ isPersonal: true, bytes: 60_000_000, boundaries: 0 });
  const spared = await uncut.rotate("--personal", "cut");
  expect(spared.installations[0]).toMatchObject({ actions: [], spared: [{ because: "cut-refused" }] });
});

test("a personal session has its own limit, below that of bots too", async () => {
  const { path, original } = aSession({ isPersonal: true, bytes: 1_300_000, boundaries: 3 });
  const config = join(home.root, "config.json5");
  const rotate = (claude: object) => {
    const jarvis = {
      openclaw: { home: home.openclaw },
      claude: { home: home.claude, ...claude },
      gateway: { logs: [] },
    };
    writeFileSync(config, JSON.stringify({ installations: { jarvis } }));
    return keeperJson(["rotate", "--config", config, "--state-dir", home.state]);
  };
  for (const claude of [{ personalMaxSize: "1MB" }, { personalSessions: "cut", personalMaxSize: "1.4MB" }])
    expect((await rotate(claude)).installations[0]).toMatchObject({ findings: [], actions: [], spared: [] });
  expect(readFileSync(path, "utf8")).toBe(original);
  const report = await rotate({ personalSessions: "cut", personalMaxSize: "1MB" });
  expect(report.installations[0]?.findings).toMatchObject([{ kind: "oversized", evidence: { limitBytes: 1_000_000 } }]);
  expect(report.installations[0]?.actions.at(-1)).toMatchObject({ kind: "cut-transcript", result: "done" });
});

test("a tail that is too large is left alone up to the hard limit, and told why", async () => {
  const { path, original, rotate } = aSession({ bytes: 3_000_000, boundaries: 1 });
  const lines = linesOf(original);
  const at = lines.findIndex((line) => line.includes('"compact_boundary"'));
  writeFileSync(path, `${lines.slice(at - 1).join("\n")}\n`);
  const report = await rotate("--max-size", "500KB");
  expect(report).toMatchObject({ status: 0 });
  expect(report.installations[0]).toMatchObject({
    findings: [{ kind: "oversized", severity: "info" }],
    actions: [],
    spared: [{ because: "tail-too-large" }],
  });
  const forced = await rotate("--session", SESSION, "--strategy", "cut", "--max-size", "500KB");
  expect(forced.installations[0]?.actions.at(-1)).toMatchObject({ kind: "cut-transcript", result: "done" });
});

test("a cut that is asked for and cannot be made is said, and changes nothing", async () => {
  const { path, original } = aSession({ boundaries: 0 });
  const { status, stderr, stdout } = await keeper(["rotate", ...home.args, "--session", SESSION, "--strategy", "cut"]);
  expect(status).toBe(1);
  expect(stdout + stderr).toContain("no compaction stands in it");
  expect(readFileSync(path, "utf8")).toBe(original);
});

test("what Claude Code has remembered of the old content is looked up anew", async () => {
  const { path, rotate } = aSession();
  const head = join(dirname(path), SESSION, "resume-head.jsonl");
  mkdirSync(dirname(head));
  writeFileSync(head, "{}\n");
  const list = join(dirname(path), "sessions-index.json");
  const entry = (sessionId: string, fileMtime: number) =>
    `{ "sessionId": "${sessionId}", "messageCount": 99, "fileMtime": ${fileMtime}, "firstPrompt": "größer" }`;
  const other = entry("5e551011-c07a-4cab-8f00-0000000000a2", 1795000000000.5);
  writeFileSync(list, `{"version":1,"entries":[${entry(SESSION, 1795000000000.25)}, ${other}],"originalPath":"/w"}`);
  chmodSync(list, 0o600);
  await rotate();
  expect(readFileSync(list, "utf8")).toBe(
    `{"version":1,"entries":[${entry(SESSION, 0)}, ${other}],"originalPath":"/w"}`,
  );
  expect(readdirSync(dirname(head))).toEqual([]);
});

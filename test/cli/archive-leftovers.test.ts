import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { catalogPathOf } from "../../src/archive/catalog.ts";
import {
  addClaudeSession,
  addOpenClawSession,
  age,
  archivesIn,
  type Home,
  makeHome,
  sessionsFolder,
  unzip,
  writeRegistry,
} from "../support/home.ts";
import { keeperJson } from "../support/keeper.ts";

const DAY = 86_400_000;

let home: Home;
beforeEach(() => {
  home = makeHome();
});
afterEach(() => home.remove());

const archive = (...args: string[]) => keeperJson(["archive", ...home.args, ...args]);
const archivesOf = (place: string) => archivesIn(join(place, "session-archives"));

describe("Claude Code's own sweep", () => {
  const settle = (settings: object) => writeFileSync(join(home.claude, "settings.json"), JSON.stringify(settings));

  test("what it is about to delete is copied, whosever it is, and stays where it is", async () => {
    const soon = addClaudeSession(home, { idleMs: 28 * DAY, project: "-home-me", entrypoint: "cli" });
    const later = addClaudeSession(home, { idleMs: 20 * DAY, project: "-home-me", entrypoint: "cli" });
    const agent = join(home.claude, "projects", "-home-me", "agent-12ab.jsonl");
    writeFileSync(agent, readFileSync(soon.path));
    age(agent, 29 * DAY);
    const report = await archive();
    expect(report.status).toBe(0);
    const found = report.installations[0]?.findings.filter(({ kind }) => kind === "sweep-ahead");
    expect(found?.map(({ path, severity, resolved }) => [path, severity, resolved])).toEqual([
      [soon.path, "warning", true],
      [agent, "warning", true],
    ]);
    expect(existsSync(soon.path) && existsSync(later.path) && existsSync(agent)).toBe(true);
    const copies = archivesOf(home.claude);
    expect(copies.length).toBe(2);
    expect(unzip(copies.find((path) => path.includes(soon.sessionId)) ?? "")).toEqual(readFileSync(soon.path));
    expect(copies.every((path) => path.includes(".sweep."))).toBe(true);
    expect((await archive()).installations[0]).toMatchObject({ findings: [], actions: [] });
  });

  /** What Claude Code puts beside a session. */
  const addResult = (session: { path: string }, name: string, idleMs: number) => {
    const path = join(session.path.replace(/\.jsonl$/, ""), "tool-results", name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, name);
    age(path, idleMs);
    return path;
  };
  const aheadOf = (report: Awaited<ReturnType<typeof archive>>) =>
    report.installations[0]?.findings.filter(({ kind }) => kind === "sweep-ahead") ?? [];
  const silent = { findings: [], actions: [], spared: [] };
  const personal = (idleMs: number) => addClaudeSession(home, { idleMs, project: "-home-me", entrypoint: "cli" });

  test("it goes by the ending, so other names are copied too, but never what dots lead to", async () => {
    const { path, sessionId } = personal(DAY);
    const names = [`${sessionId}.20260101.jsonl`, "notes.jsonl"];
    for (const name of [...names, "..jsonl", "...jsonl", ".jsonl"]) {
      writeFileSync(join(dirname(path), name), readFileSync(path));
      age(join(dirname(path), name), 28 * DAY);
    }
    expect(aheadOf(await archive()).map((finding) => basename(finding.path ?? ""))).toEqual(names);
    expect(archivesOf(home.claude).map((one) => unzip(one))).toEqual(names.map(() => readFileSync(path)));
    expect((await archive()).installations[0]).toMatchObject(silent);
  });

  test("of a session in use it takes old tool results, so there is a copy of these", async () => {
    const session = personal(DAY);
    addResult(session, "old.txt", 28 * DAY);
    addResult(session, "new.txt", DAY);
    const report = await archive();
    expect(aheadOf(report)).toMatchObject([
      { path: session.path, resolved: true, evidence: { files: 1, bytes: 7, days: 30 } },
    ]);
    expect(archivesOf(home.claude).map((path) => path.replace(/^.*Z\.sweep/, ""))).toEqual([
      ".jsonl.gz",
      ".sidecars.tar.gz",
    ]);
    expect((await archive()).installations[0]).toMatchObject(silent);
    for (const path of archivesOf(home.claude).filter((one) => one.endsWith(".tar.gz"))) rmSync(path);
    expect(aheadOf(await archive())).toHaveLength(1);
    expect(archivesOf(home.claude)).toHaveLength(2);
  });

  test("a copy without what belongs to the session is none yet, nor is one that is gone", async () => {
    const session = personal(28 * DAY);
    const result = addResult(session, "a.txt", 28 * DAY);
    await archive();
    const catalog = catalogPathOf(join(home.claude, "session-archives"));
    const [bare = ""] = readFileSync(catalog, "utf8").split("\n");
    expect(bare).not.toContain("sidecars");
    writeFileSync(catalog, `${bare}\n`); // as if it was killed in between
    const report = await archive();
    expect(aheadOf(report)).toMatchObject([{ path: session.path, resolved: true }]);
    expect(readFileSync(catalog, "utf8")).toContain(".sidecars.tar.gz");
    expect((await archive()).installations[0]).toMatchObject(silent);
    for (const path of archivesOf(home.claude)) rmSync(path);
    await archive();
    expect(archivesOf(home.claude)).toHaveLength(2);
    expect(existsSync(result)).toBe(true);
  });

  test("a copy is known again when the home was copied to another disk, or the file was touched", async () => {
    const { path } = personal(28 * DAY);
    await archive();
    const { mtime } = statSync(path);
    copyFileSync(path, `${path}.new`);
    renameSync(`${path}.new`, path);
    utimesSync(path, mtime, mtime);
    expect((await archive()).installations[0]?.actions).toMatchObject([{ result: "already-done" }]);
    expect((await archive()).installations[0]).toMatchObject(silent);
    expect(archivesOf(home.claude)).toHaveLength(1);
    rmSync(catalogPathOf(join(home.claude, "session-archives")));
    await archive();
    expect((await archive()).installations[0]).toMatchObject(silent);
    expect(archivesOf(home.claude)).toHaveLength(1);
  });

  test("a period that was set on purpose is respected", async () => {
    addClaudeSession(home, { idleMs: 28 * DAY, project: "-home-me", entrypoint: "cli" });
    settle({ cleanupPeriodDays: 29 });
    expect((await archive()).installations[0]).toMatchObject({ findings: [], actions: [] });
    settle({ cleanupPeriodDays: "never" });
    expect((await archive()).installations[0]?.actions.length).toBe(1);
  });

  test.each([
    ["settings.json", { "settings.json": 20 }],
    ["settings.local.json", { "settings.json": 25_000, "settings.local.json": 20 }],
  ])("a shorter one in %s of a workspace is for all folders, and on purpose only in there", async (_, settings) => {
    const other = personal(18 * DAY);
    const own = addClaudeSession(home, { idleMs: 18 * DAY, entrypoint: "cli" });
    settle({ cleanupPeriodDays: 36_500 });
    const folder = join(home.workspace, ".claude");
    mkdirSync(folder);
    const put = (of: Record<string, number>) => {
      for (const [name, cleanupPeriodDays] of Object.entries(of))
        writeFileSync(join(folder, name), JSON.stringify({ cleanupPeriodDays }));
    };
    put({ "settings.json": 0, "settings.local.json": 36_500 });
    expect((await archive()).installations[0]).toMatchObject({ findings: [], actions: [] });
    rmSync(join(folder, "settings.local.json"));
    expect((await archive()).installations[0]).toMatchObject({ findings: [], actions: [] });
    put(settings);
    expect((await archive()).installations[0]?.findings).toMatchObject([
      { kind: "sweep-ahead", resolved: true, path: other.path, evidence: { days: 20 } },
    ]);
    expect([other.path, own.path].map((path) => existsSync(path))).toEqual([true, true]);
    settle({ cleanupPeriodDays: 10 });
    expect((await archive()).installations[0]).toMatchObject({ findings: [], actions: [] });
  });
});

describe("leftovers", () => {
  const put = (name: string, idleMs: number, text = '{"type":"session","id":"x"}\n') => {
    const path = join(sessionsFolder(home), name);
    mkdirSync(join(path, ".."), { recursive: true });
    writeFileSync(path, text, { mode: 0o600 });
    age(path, idleMs);
    return path;
  };
  const uuid = "6f0c1d6e-0f6e-4f9e-9a0b-3b1f2f6f8a11";

  test("each goes by its own rule, and its bytes are in the archive first", async () => {
    const { sessionId } = addOpenClawSession(home, { idleMs: DAY });
    const compactionCheckpoints = [{ preCompaction: { sessionFile: `/x/s.checkpoint.${uuid}.jsonl` } }];
    writeRegistry(home, { "agent:main:main": { sessionId, updatedAt: Date.now() - DAY, compactionCheckpoints } });
    const old = 8 * DAY;
    const stamp = new Date(Date.now() - old).toISOString().replaceAll(":", "-");
    const gone = [
      put(`a.jsonl.deleted.${stamp}`, old),
      put(`b.jsonl.reset.${stamp}`, old),
      put(`${sessionId}.jsonl.bak.${stamp}`, old),
      put(`${sessionId}.jsonl.bak-9999999-${Date.now() - old}`, old),
      put(`${sessionId}.jsonl.repair-9999999-${Date.now() - old}.tmp`, 2 * 3_600_000),
      put(`sessions.json.${uuid}.tmp`, 10 * 60_000, "{}"),
      put(`sessions.json.4321.${uuid}.tmp`, 10 * 60_000, "{}"),
      put(`gone.checkpoint.${uuid}.jsonl`, old),
      put(`skills-prompts/sha256/ab/${"ab".repeat(32)}.txt`, old, "prompt"),
    ];
    const kept = [
      put(`c.jsonl.deleted.${new Date(Date.now() - DAY).toISOString().replaceAll(":", "-")}`, old),
      put(`gone.jsonl.bak-9999999-${Date.now() - old}`, old),
      put(`s.checkpoint.${uuid}.jsonl`, old),
      put("sessions.json.bak", old, "{}"),
      put("sessions.json.bak-20260101-120000", old, "{}"),
      put(`${sessionId}.jsonl.bak-20260209-120000`, old),
      put("sessions.json.bak.1", 20 * DAY, "{}"),
      put("sessions.json.bak.2", 20 * DAY, "{}"),
      ...[3, 4, 5].map((n) => put(`sessions.json.bak.${n}`, 20 * DAY, "{}")),
      put(`sessions.json.bak.${Date.now() - old}`, old, "{}"),
      put("d.jsonl.migrated", old),
      put("x.jsonl.deleted.2026-01-09T12-00-00.000Z.zst", old),
      put("cold/y.jsonl.zst", old),
      put("notes.txt", old),
    ];
    const bytes = new Map(gone.map((path) => [path, readFileSync(path)]));
    const report = await archive();
    expect(gone.filter((path) => existsSync(path))).toEqual([]);
    expect(kept.filter((path) => !existsSync(path))).toEqual([]);
    expect(report.status).toBe(0);
    const actions = report.installations[0]?.actions ?? [];
    for (const path of gone) {
      const made = actions.find((action) => action.path === path && action.kind === "archive-transcript");
      expect(unzip(String(made?.detail?.archive))).toEqual(bytes.get(path));
      expect(actions.some((action) => action.path === path && action.kind === "remove-leftover")).toBe(true);
    }
    expect(report.installations[0]?.spared.map(({ because, path }) => [because, path]).sort()).toEqual(
      [
        ["recovery-source", kept[1]],
        ["unknown-name", kept.at(-1)],
      ].sort(),
    );
  });

  test("nothing is taken that a broken registry, or a broken session, may be mended from", async () => {
    writeFileSync(join(sessionsFolder(home), "sessions.json"), '{"agent:main:main": {');
    const draft = put(`sessions.json.${uuid}.tmp`, DAY, "{}");
    const main = put("s.jsonl", DAY, "not a row\n");
    const backup = put(`s.jsonl.bak-9999999-${Date.now() - 9 * DAY}`, 9 * DAY);
    const compacted = put("s.jsonl.bak.2026-01-09T12-00-00.000Z", 9 * DAY);
    const report = await archive();
    expect([draft, main, backup, compacted].every((path) => existsSync(path))).toBe(true);
    expect(report.installations[0]?.spared.map(({ because }) => because)).toEqual(Array(3).fill("recovery-source"));
    expect(report.status).toBe(1); // broken-registry
  });

  test("the newest three copies that the gateway made of its registry stay", async () => {
    writeRegistry(home, {});
    const paths = [1, 2, 3, 4, 5].map((n) => put(`sessions.json.bak.${Date.now() - (20 + n) * DAY}`, (20 + n) * DAY));
    await archive();
    expect(paths.map((path) => existsSync(path))).toEqual([true, true, true, false, false]);
  });
});

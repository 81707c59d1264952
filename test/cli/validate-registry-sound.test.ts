import { randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  addClaudeSession,
  age,
  boundEntry,
  type Home,
  makeHome,
  readRegistryOf,
  sessionsFolder,
  writeRegistry,
} from "../support/home.ts";
import {
  actionsOf,
  addTalk,
  bothHomes,
  DAY,
  entryFor,
  findingsOf,
  kindsOf,
  MINUTE,
  validate,
} from "../support/validate.ts";

let home: Home;
beforeEach(() => {
  home = makeHome();
});
afterEach(() => home.remove());

const KEY = "agent:main:telegram:direct:700";

/** Looks, and makes sure that looking changed nothing. */
async function look(...more: string[]) {
  const before = bothHomes(home);
  const report = await validate(home, ...more);
  expect(bothHomes(home)).toEqual(before);
  return report;
}

describe("not found", () => {
  const gone = () => randomUUID();

  test.each([
    ["a session that Claude Code holds", () => boundEntry(addClaudeSession(home).sessionId)],
    ["an entry younger than a minute", () => entryFor({ sessionId: gone(), lastAt: Date.now() - 20_000 })],
    ["what a reset left", () => ({ sessionId: gone(), updatedAt: Date.now() - DAY, systemSent: false })],
    ["a session of another program", () => entryFor({ sessionId: gone() }, { acp: { backend: "x" } })],
  ])("missing: %s", async (_, entry) => {
    writeRegistry(home, { [KEY]: entry(), "agent:main:main": entryFor(addTalk(home)) });
    expect(findingsOf(await look())).toEqual([]);
  });

  test.each<[string, (id: string, path: string) => Record<string, unknown>]>([
    ["as a checkpoint", (sessionId) => ({ compactionCheckpoints: [{ preCompaction: { sessionId } }] })],
    ["as a checkpoint's file", (_, sessionFile) => ({ compactionCheckpoints: [{ preCompaction: { sessionFile } }] })],
    ["as an earlier session of its family", (id) => ({ usageFamilySessionIds: [id] })],
    ["by its path", (_, sessionFile) => ({ sessionFile })],
  ])("unregistered: a transcript that an entry names %s", async (_, naming) => {
    const [own, named] = [addTalk(home), addTalk(home)];
    const entry = { ...entryFor({ ...own, path: "" }), ...naming(named.sessionId, named.path) };
    writeRegistry(home, { [KEY]: entry, "agent:main:main": entryFor(own) });
    const kinds = kindsOf(await look());
    expect(kinds.filter((kind) => kind.includes("unregistered"))).toEqual([]);
  });

  test("unregistered: topic files of a session that has an entry, checkpoints' copies, and what a reset put aside", async () => {
    const own = addTalk(home);
    addTalk(home, { sessionId: own.sessionId, name: `${own.sessionId}-topic-7.jsonl` });
    addTalk(home, { name: `${own.sessionId}.jsonl.reset.2026-11-20T10-00-00.000Z` });
    addTalk(home, { name: `${own.sessionId}.jsonl.deleted.2026-11-20T10-00-00.000Z` });
    writeRegistry(home, { [KEY]: entryFor(own) });
    expect(findingsOf(await look())).toEqual([]);
  });

  test("unregistered: a file younger than a minute, and one without a row", async () => {
    addTalk(home, { idleMs: 20_000 });
    const blank = join(sessionsFolder(home), `${gone()}.jsonl`);
    writeFileSync(blank, "");
    age(blank, 5 * MINUTE);
    writeRegistry(home, {});
    expect(findingsOf(await look())).toEqual([]);
  });

  test("stale: a binding while the home of Claude Code is gone, is empty, or cannot be read", async () => {
    const claude = addClaudeSession(home);
    writeRegistry(home, { [KEY]: boundEntry(gone()), "agent:main:main": boundEntry(claude.sessionId) });
    expect(kindsOf(await look())).toEqual(["warning stale-binding"]);
    const projects = join(home.claude, "projects");
    renameSync(projects, `${projects}-away`);
    mkdirSync(projects);
    expect(kindsOf(await look())).toEqual([]);
    rmSync(projects, { recursive: true });
    renameSync(`${projects}-away`, projects);
    renameSync(home.claude, `${home.claude}-away`);
    const report = await validate(home);
    expect(kindsOf(report)).toEqual([]);
  });

  test("missing or forgotten: anything, while a folder of agents cannot be read", async () => {
    addTalk(home);
    writeRegistry(home, { [KEY]: entryFor({ sessionId: gone() }) });
    expect(kindsOf(await look())).toEqual(["warning missing-transcript", "warning unregistered-transcript"]);
    const other = join(home.openclaw, "agents", "other");
    mkdirSync(other);
    symlinkSync("sessions", join(other, "sessions")); // leads to itself, which is no easier to read for root
    const report = await validate(home);
    expect(report.installations[0]?.failure).toBeUndefined();
    expect(kindsOf(report)).not.toContain("warning missing-transcript");
    expect(actionsOf(await validate(home, "--repair"))).toEqual([]);
  });

  test("corrupt: a transcript outside the sessions folder in the releases that take it", async () => {
    const elsewhere = join(home.root, "elsewhere.jsonl");
    const session = addTalk(home);
    renameSync(session.path, elsewhere);
    writeRegistry(home, { [KEY]: entryFor({ ...session, path: elsewhere }) });
    expect(findingsOf(await look())).toEqual([]);
  });

  test.each([
    ["a comment and a last comma", (text: string) => `// made by hand\n${text.replace(/\n\}$/, ",\n}")}`],
    ["a byte order mark", (text: string) => `\ufeff${text}`],
  ])("broken: %s, in the releases that read JSON5", async (_, rewrite) => {
    const path = writeRegistry(home, { [KEY]: entryFor(addTalk(home)) });
    writeFileSync(path, rewrite(readFileSync(path, "utf8")));
    const report = await look();
    expect(report.installations[0]?.failure).toBeUndefined();
    expect(findingsOf(report)).toEqual([]);
    expect(report.status).toBe(0);
  });

  test("anything, where a fresh installation has no registry yet", async () => {
    expect(findingsOf(await look())).toEqual([]);
    expect(() => readRegistryOf(home)).toThrow();
  });
});

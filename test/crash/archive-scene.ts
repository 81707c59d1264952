import { createHash, randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { expect } from "vitest";
import { readArchives } from "../../src/restore/archives.ts";
import { verifyArchives } from "../../src/restore/verify.ts";
import {
  addClaudeSession,
  addOpenClawSession,
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
import { leftovers, linesIn, linesOf } from "./scene.ts";

export const DAY = 86_400_000;
const IDLE = 9 * DAY;

/** A file that `archive` takes away, or copies and leaves. `beside`: it belongs to a transcript, and goes into its tar. */
type Kept = { path: string; original: Buffer; stays?: boolean; beside?: boolean };
type Entries = Record<string, Record<string, unknown>>;
/** `fresh`: what stays of entries that get a fresh start, but for the id and the time. */
export type ArchiveScene = { home: Home; kept: Kept[]; registry: Entries; fresh: Entries };

const DIRECT = "agent:main:telegram:direct:49";
const SUBAGENT = "agent:main:subagent:77";
const BOUND = "agent:main:main";
const BYSTANDER = "agent:main:telegram:group:-1002";

/** A home with one of everything that `archive` deals with, and a session that it must leave alone. */
export function setArchiveScene(): ArchiveScene {
  const home = makeHome();
  const kept: Kept[] = [];
  const keep = (path: string, more: Omit<Kept, "path" | "original"> = {}) => {
    kept.push({ path, original: readFileSync(path), ...more });
    return path;
  };
  const openclaw = () => {
    const { sessionId, path } = addOpenClawSession(home, { idleMs: IDLE });
    return { sessionId, updatedAt: Date.now() - IDLE, sessionFile: keep(path), totalTokens: 9 };
  };
  const own = openclaw();
  const claude = addClaudeSession(home, { idleMs: IDLE });
  keep(claude.path);
  const direct = openclaw();
  // a gateway that has reset an entry lists its ids, today's too
  const usageFamilySessionIds = [randomUUID(), direct.sessionId];
  const registry: Entries = {
    [DIRECT]: { ...direct, lastTo: "telegram:49", future: { kept: [1, null] }, usageFamilySessionIds },
    [SUBAGENT]: openclaw(),
    [BOUND]: boundEntry(claude.sessionId, { ...own, thinkingLevel: "low" }),
    [BYSTANDER]: { sessionId: addOpenClawSession(home).sessionId, updatedAt: Date.now() - DAY, thinkingLevel: "high" },
  };
  writeRegistry(home, registry);
  addAlone(home, keep);
  const sweep = addClaudeSession(home, { idleMs: 28 * DAY, project: "-home-me-work", entrypoint: "cli" });
  keep(sweep.path, { stays: true });
  const fresh = {
    [DIRECT]: { lastTo: "telegram:49", future: { kept: [1, null] }, usageFamilySessionIds },
    [BOUND]: { chatType: "direct", thinkingLevel: "low" },
  };
  return { home, kept, registry, fresh };
}

/** What no entry leads to: a session of Claude Code with its folder, a forgotten transcript, two leftovers. */
function addAlone(home: Home, keep: (path: string, more?: Omit<Kept, "path" | "original">) => string): void {
  const { path } = addClaudeSession(home, { idleMs: IDLE });
  keep(path);
  const folder = path.replace(/\.jsonl$/, "");
  for (const name of ["subagents/agent-a.jsonl", "tool-results/one.txt"]) {
    mkdirSync(join(folder, name, ".."), { recursive: true });
    writeFileSync(join(folder, name), `{"beside":"${name}"}\n`, { mode: 0o600 });
    age(join(folder, name), IDLE);
    keep(join(folder, name), { beside: true });
  }
  keep(addOpenClawSession(home, { idleMs: IDLE }).path);
  const stamp = new Date(Date.now() - IDLE).toISOString().replaceAll(":", "-");
  for (const name of [`old.jsonl.deleted.${stamp}`, `gone.checkpoint.${randomUUID()}.jsonl`]) {
    const left = join(sessionsFolder(home), name);
    writeFileSync(left, `{"type":"session","id":"${name}"}\n{"leftover":"${randomUUID()}"}\n`, { mode: 0o600 });
    age(left, IDLE);
    keep(left);
  }
}

/** Every line is where it was or in a readable archive; the registry can be read, and leads to nothing that is gone. */
export function expectNoGap({ home, kept, registry }: ArchiveScene): void {
  const archives = archivesIn(home.root).map(unzip);
  const archived = new Set(archives.flatMap(linesOf));
  for (const { path, original, beside } of kept) {
    if (existsSync(path) && readFileSync(path).equals(original)) continue;
    const live = linesIn(path);
    const isKept = (line: string) => archived.has(line) || live.includes(line);
    const lost = beside
      ? Number(!archives.some((bytes) => bytes.includes(original)))
      : linesOf(original).filter((line) => !isKept(line)).length;
    expect(lost, `lines of ${path} that are nowhere`).toBe(0);
  }
  for (const folder of archiveFolders(home)) expectAsCatalogued(folder);
  const now = readRegistryOf(home);
  expect(now[BYSTANDER]).toEqual(registry[BYSTANDER]);
  const claims = JSON.stringify(Object.values(now).map(({ usageFamilySessionIds, ...entry }) => entry));
  const broken = kept.filter(({ path }) => !existsSync(path) && claims.includes(basename(path, ".jsonl")));
  expect(
    broken.map(({ path }) => path),
    "gone, and yet an entry leads there",
  ).toEqual([]);
}

/** The home is as one undisturbed run leaves it, and nothing tells that it was not one. */
export async function expectArchived(scene: ArchiveScene): Promise<void> {
  const { home, kept, registry, fresh } = scene;
  expectNoGap(scene);
  expect(kept.filter(({ path, stays }) => existsSync(path) !== (stays ?? false)).map(({ path }) => path)).toEqual([]);
  expect(
    readdirSync(join(home.claude, "projects"), { recursive: true }).filter((name) => /subag|tool-/.test(`${name}`)),
  ).toEqual([]);
  const now = readRegistryOf(home);
  expect(Object.keys(now)).toEqual([DIRECT, BOUND, BYSTANDER]);
  for (const [key, expected] of Object.entries(fresh)) {
    const { sessionId, updatedAt, ...entry } = now[key] ?? {};
    expect(entry).toEqual({ ...expected, systemSent: false });
    expect(sessionId).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(Object.values(registry).map((one) => one.sessionId)).not.toContain(sessionId);
    expect(updatedAt).toBeGreaterThan(Date.now() - 600_000);
  }
  expect(leftovers(home)).toEqual([]);
  const records = archiveFolders(home).flatMap((folder) => readArchives(folder));
  expect(records.map(({ record }) => record.source).sort()).toEqual(
    kept.flatMap(({ path, beside }) => (beside ? [] : path)).sort(),
  );
  const catalogued = records.flatMap(({ path, folder, record: { sidecars } }) => [
    path,
    ...(sidecars ? [join(folder, sidecars.archive)] : []),
  ]);
  expect(catalogued.sort()).toEqual(archivesIn(home.root));
  const purposes = kept.flatMap(({ path, stays, beside }) => (beside ? [] : `${path} ${stays ? "copy" : "remove"}`));
  expect(records.map(({ record }) => `${record.source} ${record.purpose}`).sort()).toEqual(purposes.sort());
  const verdicts = await verifyArchives(records, new AbortController().signal);
  expect(verdicts.flatMap(({ problem }) => problem ?? [])).toEqual([]);
}

function expectAsCatalogued(folder: string): void {
  for (const { path, record } of readArchives(folder).filter((archive) => existsSync(archive.path))) {
    const stored = unzip(path);
    const sha256 = createHash("sha256").update(stored).digest("hex");
    expect({ path, bytes: stored.length, sha256 }).toEqual({ path, bytes: record.bytes, sha256: record.sha256 });
    expect(statSync(path).mode & 0o777).toBe(0o600);
  }
}

function archiveFolders({ claude, openclaw }: Home): string[] {
  return [claude, openclaw].map((home) => join(home, "session-archives")).filter((folder) => existsSync(folder));
}

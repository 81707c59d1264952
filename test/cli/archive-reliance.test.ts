import { randomUUID } from "node:crypto";
import { appendFileSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readCatalog } from "../../src/archive/catalog.ts";
import { addClaudeSession, age, boundEntry, type Home, makeHome, unzip, writeRegistry } from "../support/home.ts";
import { keeperJson } from "../support/keeper.ts";

const DAY = 86_400_000;
const KEY = "agent:main:telegram:direct:49";

let home: Home;
beforeEach(() => {
  home = makeHome();
});
afterEach(() => home.remove());

/** A run with no more archives kept than has to be. */
async function run(...args: string[]) {
  const config = join(home.root, "config.json5");
  const installations = { me: { openclaw: { home: home.openclaw }, claude: { home: home.claude } } };
  const keep = { last: 0, within: "0s" };
  const settings = { installations, archive: { keep }, rotate: { keepArchives: 1, maxSize: "20KB" } };
  writeFileSync(config, JSON.stringify(settings), { mode: 0o600 });
  return await keeperJson([...args, "--config", config, "--state-dir", home.state]);
}

const actionsOf = ({ installations }: Awaited<ReturnType<typeof run>>) =>
  (installations[0]?.actions ?? []).map(({ kind, result }) => `${kind}: ${result}`);

/** Whether an archive that is still there holds all of this. */
function isKept(original: Buffer): boolean {
  const folder = join(home.claude, "session-archives");
  const paths = readCatalog(folder).map(({ archive }) => join(folder, archive));
  return paths.some((path) => existsSync(path) && unzip(path).equals(original));
}

test("a copy that rotate made a digest on the strength of does not go for a copy of the digest", async () => {
  const idleMs = 29 * DAY;
  const { sessionId, path } = addClaudeSession(home, { idleMs, bytes: 95_000, project: "-home-me", entrypoint: "cli" });
  const original = readFileSync(path);
  expect(actionsOf(await run("archive"))).toEqual(["archive-transcript: done"]);
  const rotated = actionsOf(await run("rotate", "--session", sessionId, "--strategy", "digest"));
  expect(rotated).toEqual(["archive-transcript: already-done", "append-note: done", "digest-transcript: done"]);
  age(path, idleMs);
  expect(actionsOf(await run("archive"))).toEqual(["archive-transcript: done"]);
  expect(isKept(original)).toBe(true);
});

/** A bot's session that an entry leads to. */
function bind(options: Parameters<typeof addClaudeSession>[1]) {
  const session = addClaudeSession(home, { bytes: 95_000, ...options });
  const updatedAt = Date.now() - (options?.idleMs ?? 300_000);
  writeRegistry(home, { [KEY]: boundEntry(session.sessionId, { updatedAt }) });
  return { ...session, original: readFileSync(session.path) };
}

test("what archive removed on the strength of an archive of rotate stays, however often rotate makes others", async () => {
  const { path, original } = bind({ idleMs: 9 * DAY });
  const { runId } = await run("rotate", "--strategy", "digest");
  await run("restore", "undo", runId);
  expect(readFileSync(path).equals(original)).toBe(true);
  age(path, 9 * DAY);
  expect(actionsOf(await run("archive"))).toContain("archive-transcript: already-done");
  expect(existsSync(path)).toBe(false);
  for (let rotations = 0; rotations < 2; rotations += 1) {
    const other = bind({});
    expect(actionsOf(await run("rotate", "--strategy", "empty"))).toContain("empty-transcript: done");
    expect(isKept(other.original)).toBe(true);
  }
  expect(isKept(original)).toBe(true);
});

test("an archive of rotate is no copy before the sweep, until archive has it for its own", async () => {
  const idleMs = 29 * DAY;
  const { sessionId, path } = addClaudeSession(home, { idleMs, bytes: 95_000, project: "-home-me", entrypoint: "cli" });
  const { runId } = await run("rotate", "--session", sessionId, "--strategy", "digest");
  await run("restore", "undo", runId);
  age(path, idleMs);
  const record = readCatalog(join(home.claude, "session-archives"))[0];
  const catalog = join(home.claude, "session-archives", "catalog.jsonl");
  appendFileSync(catalog, `${JSON.stringify({ ...record, inode: statSync(path).ino })}\n`);
  expect(actionsOf(await run("archive"))).toEqual(["archive-transcript: already-done"]);
  expect(readCatalog(join(home.claude, "session-archives"))).toMatchObject([{ command: "archive", purpose: "copy" }]);
  expect(actionsOf(await run("archive"))).toEqual([]);
});

test("the archive that a digest was just made on the strength of stays, whatever the clock said before", async () => {
  const folder = join(home.claude, "session-archives");
  const { path, sessionId, original } = bind({});
  await run("rotate", "--strategy", "digest");
  const catalog = join(folder, "catalog.jsonl");
  writeFileSync(catalog, readFileSync(catalog, "utf8").replaceAll(/"at":"\d{4}/g, '"at":"2037'));
  expect(isKept(original)).toBe(true);
  const later = addClaudeSession(home, { sessionId, bytes: 95_000 });
  expect(later.path).toBe(path);
  const again = readFileSync(path);
  expect(actionsOf(await run("rotate", "--strategy", "digest"))).toContain("prune-archive: done");
  expect([isKept(again), isKept(original)]).toEqual([true, false]);
});

/** Puts a compaction into a transcript, behind so many rows. */
function compactBehind(path: string, count: number): void {
  const rows = readFileSync(path, "utf8").trim().split("\n");
  const [last, next] = [rows[count - 1], rows[count]].map((row) => JSON.parse(row ?? ""));
  const { message, ...facts } = last;
  const boundary = {
    ...{ ...facts, parentUuid: null, logicalParentUuid: last.uuid, uuid: randomUUID() },
    ...{ type: "system", subtype: "compact_boundary", content: "Conversation compacted", isMeta: false, level: "info" },
    compactMetadata: { trigger: "auto", preTokens: 9 },
  };
  const summary = {
    ...{ ...facts, parentUuid: boundary.uuid, uuid: randomUUID(), isCompactSummary: true },
    message: { role: "user", content: "what was said" },
  };
  const added = [boundary, summary, { ...next, parentUuid: summary.uuid }].map((row) => JSON.stringify(row));
  writeFileSync(path, `${[...rows.slice(0, count), ...added, ...rows.slice(count + 1)].join("\n")}\n`);
}

test("a session that was copied before the sweep and cut later is written once, every line in its place", async () => {
  const idleMs = 29 * DAY;
  const { path, sessionId } = addClaudeSession(home, { idleMs, bytes: 95_000, project: "-home-me", entrypoint: "cli" });
  compactBehind(path, 40);
  age(path, idleMs);
  const whole = readFileSync(path, "utf8").trim().split("\n");
  expect(actionsOf(await run("archive"))).toEqual(["archive-transcript: done"]);
  const cut = actionsOf(await run("rotate", "--session", sessionId, "--strategy", "cut"));
  expect(cut).toEqual(expect.arrayContaining(["archive-transcript: done", "cut-transcript: done"]));
  const to = join(home.root, "copy.jsonl");
  await run("restore", "get", sessionId, "--full", "--to", to);
  const lines = readFileSync(to, "utf8").trim().split("\n");
  expect(lines.filter((line) => !line.includes("segment-header"))).toEqual(whole);
});

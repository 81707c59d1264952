import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type CatalogRecord, readCatalog } from "../../src/archive/catalog.ts";
import { reportSchema } from "../../src/report/schema.ts";
import { archiveIn, ID, placesOf, rows, sessionRow } from "../support/archived-session.ts";
import { asFile } from "../support/archives.ts";
import { addClaudeSession, boundEntry, type Home, makeHome, snapshot, writeRegistry } from "../support/home.ts";
import { keeper, keeperJson } from "../support/keeper.ts";

let home: Home;
let folder: string;
let catalog: string;
beforeEach(() => {
  home = makeHome();
  folder = join(home.claude, "session-archives");
  catalog = join(folder, "catalog.jsonl");
});
afterEach(() => home.remove());

/** Archives so many sessions of a bot, one after the other, and returns their records. */
async function archiveSome(count: number): Promise<CatalogRecord[]> {
  for (let index = 0; index < count; index += 1) await rotateOne();
  return readCatalog(folder);
}

/** Makes a session of the same peer too large and has it archived. */
async function rotateOne(options: string[] = []) {
  const { sessionId } = addClaudeSession(home, { bytes: 9000 });
  writeRegistry(home, { "agent:main:main": boundEntry(sessionId) });
  return keeperJson(["rotate", "--strategy", "empty", "--max-size", "2KB", ...options, ...home.args]);
}

/** What a record made from the archive alone cannot tell: whom it was made by, and what became of the session then. */
const known = ({ runId, inode, sessionKey, purpose, at, ...record }: CatalogRecord) => ({
  ...record,
  at: at.slice(0, 19),
});

test("without a catalog, list, get and verify do as with it, say so, and write nothing", async () => {
  const records = await archiveSome(2);
  const original = readFileSync(catalog, "utf8");
  rmSync(catalog);
  const before = snapshot(home.root);
  const { status: _, stderr: __, ...document } = await keeperJson(["restore", "list", ...home.args]);
  reportSchema.parse(document);
  const [installation] = document.installations;
  const told = installation?.archives?.map(({ archive, lines, sha256, command }) => ({
    archive,
    lines,
    sha256,
    command,
  }));
  const expected = records.map(({ archive, lines, sha256, command }) => ({ archive, lines, sha256, command }));
  expect(told?.toSorted((a, b) => a.archive.localeCompare(b.archive))).toEqual(
    expected.toSorted((a, b) => a.archive.localeCompare(b.archive)),
  );
  expect(installation?.findings).toMatchObject([
    { kind: "damaged-catalog", severity: "warning", resolved: false, path: catalog, evidence: { entered: 2 } },
  ]);
  const listed = await keeper(["restore", "list", ...home.args]);
  expect([listed.status, listed.stdout]).toEqual([1, expect.stringContaining("it lacked 2 archives")]);
  const verified = await keeper(["restore", "verify", ...home.args]);
  expect(verified.stdout).toContain("it lacked 2 archives");
  expect(verified.stdout).toContain("2 archives read back, and every one holds what was archived");
  const got = await keeper(["restore", "get", records[0]?.sessionId ?? "", ...home.args]);
  expect([got.status, got.stdout.split("\n").length - 1]).toEqual([1, records[0]?.lines]);
  expect(snapshot(home.root)).toEqual(before);
  writeFileSync(catalog, original);
  expect(await keeper(["restore", "list", ...home.args])).toMatchObject({ status: 0, stderr: "" });
});

test("an archive that cannot be read is told of, also when its catalog is lost", async () => {
  const [record] = await archiveSome(1);
  rmSync(catalog);
  const path = join(folder, record?.archive ?? "");
  writeFileSync(path, readFileSync(path).subarray(0, -4));
  const { stdout } = await keeper(["restore", "verify", ...home.args]);
  expect(stdout).toContain(`no sound archives of ours, although they are named so, and left alone: ${record?.archive}`);
});

test("the next rotation enters lost archives again, and says so once", async () => {
  const before = await archiveSome(2);
  const dry = async () => {
    rmSync(catalog);
    return rotateOne(["--dry-run"]);
  };
  expect([(await dry()).installations[0]?.findings.length, existsSync(catalog)]).toEqual([1, false]);
  const report = await rotateOne();
  expect([report.status, report.stderr]).toEqual([0, ""]);
  expect(report.installations[0]?.findings.filter(({ kind }) => kind === "damaged-catalog")).toMatchObject([
    { severity: "warning", resolved: true, evidence: { entered: 2, unreadableLines: 0, notAdopted: [] } },
  ]);
  const after = readCatalog(folder);
  const again = after.filter(({ runId }) => runId === "rebuilt");
  const byName = (a: { archive: string }, b: { archive: string }) => a.archive.localeCompare(b.archive);
  expect(again.map(known).sort(byName)).toEqual(before.map(known).sort(byName));
  expect(after.length).toBe(4);
  const next = await rotateOne();
  expect(next.installations[0]?.findings.map(({ kind }) => kind)).not.toContain("damaged-catalog");
});

test("a damaged line costs no archive, and every good line stays as it is", async () => {
  const [one, two, three] = await archiveSome(3);
  const lines = readFileSync(catalog, "utf8").split("\n");
  const at = lines.findIndex((line) => line.includes(two?.archive ?? "none"));
  writeFileSync(catalog, lines.map((line, index) => (index === at ? line.slice(0, -20) : line)).join("\n"));
  const [finding] =
    (await rotateOne()).installations[0]?.findings.filter(({ kind }) => kind === "damaged-catalog") ?? [];
  expect(finding).toMatchObject({ resolved: true, evidence: { entered: 1, unreadableLines: 1 } });
  const after = (record: CatalogRecord | undefined) =>
    readCatalog(folder).find((now) => now.archive === record?.archive);
  expect([after(one), after(three)]).toEqual([one, three]);
  const [now, before] = [after(two), two].map((record) => record && known(record));
  expect(now).toEqual(before);
  for (const line of readFileSync(catalog, "utf8").split("\n").slice(0, -1))
    expect(() => JSON.parse(line)).not.toThrow();
});

test("a file of somebody else that is named like an archive is neither entered nor let go", async () => {
  const [record] = await archiveSome(1);
  const group = dirname(record?.archive ?? "");
  const { sessionId } = addClaudeSession(home, { bytes: 9000 });
  writeRegistry(home, { "agent:main:main": boundEntry(sessionId) });
  const foreign = join(group, `${sessionId}.20200101T000000Z.size.jsonl.gz`);
  const names = [foreign, join(group, "backup.jsonl.gz")];
  for (const name of names) writeFileSync(join(folder, name), gzipSync('{"type":"user","sessionId":"x"}\n'));
  rmSync(catalog);
  const config = join(home.root, "config.json5");
  const installations = { jarvis: { openclaw: { home: home.openclaw }, claude: { home: home.claude } } };
  const rotate = { maxSize: "2KB", strategy: "empty", keepArchives: 1 };
  writeFileSync(config, JSON.stringify({ installations, rotate }), { mode: 0o600 });
  const report = await keeperJson(["rotate", "-c", config, "--state-dir", home.state]);
  const found = report.installations[0]?.findings.find(({ kind }) => kind === "damaged-catalog");
  expect(found).toMatchObject({ severity: "warning", evidence: { entered: 1, notAdopted: [foreign], broken: [] } });
  for (const name of names) expect(existsSync(join(folder, name))).toBe(true);
  expect(readCatalog(folder).map(({ sessionId: of }) => of)).toEqual([record?.sessionId, sessionId]);
  const { stdout, status } = await keeper(["restore", "list", ...home.args]);
  expect([status, stdout]).toEqual([0, expect.stringContaining(foreign)]); // told, but nothing is wrong
});

test("in a home where nothing is written, a lost catalog stays lost, and is read all the same", async () => {
  home.remove();
  home = makeHome({ version: "2026.8.1" });
  folder = join(home.claude, "session-archives");
  const { folder: closed } = placesOf(home, "openclaw");
  archiveIn(home, "openclaw", asFile([sessionRow, ...rows(1, 3)]));
  rmSync(join(closed, "catalog.jsonl"));
  const before = snapshot(home.openclaw);
  expect((await rotateOne()).summary.done).toBeGreaterThan(0);
  const { "agents/main/sessions/sessions.json": _, ...after } = snapshot(home.openclaw);
  expect(Object.keys(after)).not.toContain("session-archives/catalog.jsonl");
  expect(after["session-archives"]).toBe(before["session-archives"]);
  expect((await keeperJson(["restore", "list", ...home.args])).installations[0]?.archives).toContainEqual(
    expect.objectContaining({ sessionId: ID, runId: "rebuilt" }),
  );
});

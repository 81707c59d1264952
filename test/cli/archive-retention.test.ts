import { appendFileSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readCatalog } from "../../src/archive/catalog.ts";
import { addClaudeSession, age, type Home, makeHome } from "../support/home.ts";
import { keeperJson } from "../support/keeper.ts";

const DAY = 86_400_000;

let home: Home;
beforeEach(() => {
  home = makeHome();
});
afterEach(() => home.remove());

const archives = () => {
  const folder = join(home.claude, "session-archives");
  return readCatalog(folder)
    .map((record) => join(folder, record.archive))
    .filter((path) => existsSync(path));
};

function archive(keep: object, ...args: string[]) {
  const config = join(home.root, "config.json5");
  const installations = { me: { openclaw: false, claude: { home: home.claude } } };
  writeFileSync(config, JSON.stringify({ installations, archive: { keep } }), { mode: 0o600 });
  return keeperJson(["archive", "--config", config, "--state-dir", home.state, ...args]);
}

/** A personal session of which so many copies were made, each longer than the one before. */
async function copied(times: number): Promise<string> {
  const { path } = addClaudeSession(home, { idleMs: 29 * DAY, project: "-home-me", entrypoint: "cli" });
  for (let copy = 0; copy < times; copy += 1) {
    if (copy > 0) appendFileSync(path, '{"type":"tag","tag":"later"}\n');
    age(path, 29 * DAY);
    await archive({ last: 99 });
  }
  expect(archives().length).toBe(times);
  return path;
}

test("copies beyond what any rule keeps go, the last one never does, and the live file stays", async () => {
  const path = await copied(3);
  const all = archives();
  const dry = await archive({ last: 2, within: "0s" }, "--dry-run");
  expect(dry.installations[0]?.actions).toMatchObject([{ kind: "prune-archive", result: "planned", path: all[0] }]);
  expect(archives()).toEqual(all);
  const report = await archive({ last: 2, within: "0s" });
  expect(report.installations[0]?.actions).toMatchObject([{ kind: "prune-archive", result: "done", path: all[0] }]);
  expect(archives()).toEqual(all.slice(1));
  await archive({ last: 0, within: "0s" });
  expect(archives()).toEqual(all.slice(2));
  expect(existsSync(path)).toBe(true);
  expect((await archive({ last: 0, within: "0s" })).installations[0]?.actions).toEqual([]);
});

test("last copies above the ceiling are a finding, and stay", async () => {
  await copied(2);
  const report = await archive({ last: 9, maxBytes: "1KB" });
  expect(archives().length).toBe(1);
  expect(statSync(archives()[0] ?? "").size).toBeGreaterThan(0);
  const told = await archive({ last: 9, maxBytes: "100B" });
  expect(told.installations[0]?.findings).toMatchObject([{ kind: "archives-too-large", severity: "warning" }]);
  expect([report.status, told.status]).toEqual([0, 1]);
  expect(archives().length).toBe(1);
});

test("an archive that does not hold what its catalog says stays, and is told", async () => {
  await copied(2);
  const [oldest = ""] = archives();
  const bytes = readFileSync(oldest);
  bytes[bytes.length - 20] = (bytes[bytes.length - 20] ?? 0) ^ 0xff;
  writeFileSync(oldest, bytes);
  const report = await archive({ last: 1, within: "0s" });
  expect(existsSync(oldest)).toBe(true);
  expect(report.installations[0]?.findings).toMatchObject([
    { kind: "unverified-archive", severity: "error", path: oldest },
  ]);
  expect(report.status).not.toBe(0);
});

test.each(["gone", "damaged"])("no older copy goes for the newest one that is %s", async (what) => {
  rmSync(await copied(3));
  const all = archives();
  const [oldest = "", older = "", newest = ""] = all;
  if (what === "gone") rmSync(newest);
  else writeFileSync(newest, "damaged");
  const report = await archive({ last: 1, within: "0s" });
  expect(existsSync(older)).toBe(true);
  expect(existsSync(oldest)).toBe(what === "damaged");
  const told = report.installations[0]?.findings.filter(({ kind }) => kind === "unverified-archive");
  expect(told).toMatchObject(what === "damaged" ? [{ severity: "error", path: newest }] : []);
  expect(report.status !== 0).toBe(what === "damaged");
});

test("what lies in the archive folder and is not ours is never let go", async () => {
  await copied(2);
  const stranger = join(home.claude, "session-archives", "claude-code", "-home-me", "mine.jsonl.gz");
  writeFileSync(stranger, "mine");
  await archive({ last: 1, within: "0s", maxBytes: "1KB" });
  expect(existsSync(stranger)).toBe(true);
});

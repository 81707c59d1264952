import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { ReportDocument } from "../../src/report/document.ts";
import { giveTo, isRoot, OWNER } from "../crash/rotate-as.ts";
import { configureAll } from "../support/configure.ts";
import {
  addClaudeSession,
  addOpenClawSession,
  archivesIn,
  boundEntry,
  type Home,
  makeHome,
  sessionsFolder,
  snapshot,
  unzip,
  writeRegistry,
} from "../support/home.ts";
import { keeperJson } from "../support/keeper.ts";

type Bot = Home & { path: string; original: Buffer };

/** A bot with one conversation that is too large. */
function aBot(version?: string): Bot {
  const home = makeHome(version === undefined ? {} : { version });
  onTestFinished(() => {
    chmodSync(home.openclaw, 0o700);
    home.remove();
  });
  const { sessionId, path } = addClaudeSession(home, { bytes: 40_000 });
  writeRegistry(home, { "agent:main:main": boundEntry(sessionId) });
  return { ...home, path, original: readFileSync(path) };
}

test("of twenty bots one cannot be read, one has a broken registry, one keeps its sessions in SQLite: all others are looked after", async () => {
  const [unreadable, broken, moved] = [3, 7, 12];
  const bots = Array.from({ length: 20 }, (_, index) => aBot(index === moved ? "2026.8.1" : undefined));
  const at = (index: number) => bots[index] as Bot;
  writeFileSync(join(sessionsFolder(at(broken)), "sessions.json"), '{"agent:main:main": {');
  addOpenClawSession(at(moved), { bytes: 40_000 });
  const before = { moved: snapshot(at(moved).openclaw), broken: snapshot(at(broken).openclaw) };
  const state = at(0).state;
  mkdirSync(state);
  if (isRoot) for (const home of bots) giveTo(home, OWNER); // root could read it
  chmodSync(at(unreadable).openclaw, 0);

  const args = ["--max-size", "20KB", ...configureAll(bots)];
  const report = await keeperJson(["rotate", ...args]);

  expect({ status: report.status, stderr: report.stderr }).toEqual({ status: 3, stderr: "" });
  const { installations } = report;
  expect(installations.map(({ name }) => name)).toEqual(bots.map((_, index) => `bot${index}`));
  expect(installations.flatMap(({ name, failure }) => (failure ? [[name, failure.message]] : []))).toEqual([
    [`bot${unreadable}`, expect.stringMatching(/^the OpenClaw home .* cannot be read by user \d+; .* mode 0000$/)],
  ]);
  const kindsOf = (index: number) => installations[index]?.findings.map(({ kind }) => kind);
  expect(kindsOf(broken)).toContain("broken-registry");
  expect(installations[broken]?.spared).toMatchObject([{ because: "broken-registry" }]);
  expect(installations[moved]?.era).toBe("S");
  expect(kindsOf(moved)).toContain("sqlite-era");

  chmodSync(at(unreadable).openclaw, 0o700);
  for (const index of [unreadable, broken]) expect(readFileSync(at(index).path)).toEqual(at(index).original);
  expect({ moved: snapshot(at(moved).openclaw), broken: snapshot(at(broken).openclaw) }).toEqual(before);
  for (const [index, { path, original, claude }] of bots.entries()) {
    if (index === unreadable || index === broken) continue;
    expect(statSync(path).size).toBeLessThan(20_000);
    expect(archivesIn(claude).map((archive) => unzip(archive).equals(original))).toEqual([true]);
  }
  if (isRoot) expect(statSync(join(state, "journal.jsonl")).uid).toBe(OWNER);
});

test("each bot may have a file of its own in conf.d, without the one file and beside it", ({ skip }) => {
  const [jarvis, ross] = [aBot(), aBot()];
  const etc = join(jarvis.root, "etc");
  const place = join(etc, "session-keeper");
  mkdirSync(join(place, "conf.d"), { recursive: true, mode: 0o755 });
  for (const name of ["passwd", "group"]) copyFileSync(`/etc/${name}`, join(etc, name));
  const put = (name: string, content: object) => writeFileSync(join(place, name), JSON.stringify(content));
  const homesOf = ({ openclaw, claude }: Home) => ({ openclaw: { home: openclaw }, claude: { home: claude } });
  put("conf.d/10-jarvis.json5", { installations: { jarvis: homesOf(jarvis) } });
  put("conf.d/20-ross.json5", { installations: { ross: homesOf(ross) }, rotate: { maxSize: "20KB" } });
  const binary = join(import.meta.dirname, "..", "..", "bin", "session-keeper.js");
  const run = () => {
    const inside = 'mount --bind "$0" /etc && exec "$@"';
    const keeper = [process.execPath, binary, "rotate", "--dry-run", "--json", "--state-dir", jarvis.state];
    const argv = ["--user", "--map-root-user", "--mount", "sh", "-c", inside, etc, ...keeper];
    const { stdout, status } = spawnSync("unshare", argv, {
      encoding: "utf8",
      env: { PATH: process.env.PATH, HOME: jarvis.root },
    });
    return { stdout, status };
  };
  const first = run();
  skip(first.stdout === "", "this kernel allows no mount namespace here");
  const oversized = ({ stdout }: { stdout: string }) =>
    (JSON.parse(stdout) as ReportDocument).installations.map(({ name, findings }) => [
      name,
      findings.map(({ kind }) => kind),
    ]);
  expect(oversized(first)).toEqual([
    ["jarvis", ["oversized"]],
    ["ross", ["oversized"]],
  ]);
  put("config.json5", { rotate: { maxSize: "1MB" } });
  expect(oversized(run())).toEqual(oversized(first)); // 20-ross.json5 comes later, and so has the last word
  put("conf.d/30-limits.json5", { rotate: { maxSize: "1MB" } });
  expect(oversized(run())).toEqual([
    ["jarvis", []],
    ["ross", []],
  ]);
  put("conf.d/40-twin.json5", { installations: { ross: {} } });
  const twin = run();
  expect(twin.status).toBe(2);
  expect(JSON.parse(twin.stdout).error.message).toBe(
    "/etc/session-keeper/conf.d/40-twin.json5: installations.ross: expected another name, /etc/session-keeper/conf.d/20-ross.json5 has this one too",
  );
});

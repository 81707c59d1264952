import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { CatalogRecord } from "../../src/archive/catalog.ts";
import { parseCommandLine } from "../../src/program.ts";
import type { Output } from "../../src/run/restore.ts";
import { run as runRequest } from "../../src/run/run.ts";
import { addCutSession, archiveIn, ID, placesOf, rows } from "../support/archived-session.ts";
import { asFile, prune } from "../support/archives.ts";
import { type Home, makeHome, snapshot } from "../support/home.ts";
import { keeper, keeperJson } from "../support/keeper.ts";

const binary = join(import.meta.dirname, "..", "..", "bin", "session-keeper.js");

let home: Home;
beforeEach(() => {
  home = makeHome();
});
afterEach(() => home.remove());

const run = (...args: string[]) => keeper(["restore", ...args, ...home.args]);
const runJson = (...args: string[]) => keeperJson(["restore", ...args, ...home.args]);

describe("restore get --full", () => {
  test.for(["claude-code", "openclaw"] as const)(
    "a session that was cut twice comes out line by line: %s",
    async (dialect) => {
      const { all } = addCutSession(home, dialect);
      expect(await run("get", ID, "--full")).toEqual({ status: 0, signal: null, stdout: asFile(all), stderr: "" });
    },
  );

  test("without a live transcript it ends with the newest archive; up to a named archive, with that one", async () => {
    const { all, archives } = addCutSession(home, "claude-code");
    const { source } = placesOf(home, "claude-code");
    expect((await run("get", basename(archives[0].archive), "--full")).stdout).toBe(asFile(all.slice(0, 6)));
    rmSync(source);
    expect((await run("get", ID, "--full")).stdout).toBe(asFile(all.slice(0, 10)));
  });

  test("a session that was emptied again and again is put together; a repair and an earlier copy are passed over", async () => {
    archiveIn(home, "claude-code", asFile(rows(1, 3)).trimEnd());
    archiveIn(home, "claude-code", asFile(["broken", ...rows(4, 6)]), { segment: 2, reason: "repair" });
    archiveIn(home, "claude-code", asFile(rows(4, 5)), { segment: 3 });
    archiveIn(home, "claude-code", asFile(rows(4, 6)), { segment: 4 });
    writeFileSync(placesOf(home, "claude-code").source, `${" ".repeat(99)}\n${asFile(rows(7, 8))}`);
    expect((await run("get", ID, "--full")).stdout).toBe(asFile(rows(1, 8)));
  });

  test("a session that was never archived is its live transcript", async () => {
    writeFileSync(placesOf(home, "claude-code").source, asFile(rows(1, 3)));
    expect((await run("get", ID, "--full")).stdout).toBe(asFile(rows(1, 3)));
    expect(await run("get", ID)).toMatchObject({ status: 2, stdout: "" });
  });

  test.for([
    ["pruned", (record: CatalogRecord) => prune(placesOf(home, "claude-code").folder, record)],
    ["gone", (record: CatalogRecord) => rmSync(join(placesOf(home, "claude-code").folder, record.archive))],
  ] as const)("a parent that is %s is told, and the rest is given", async ([, lose]) => {
    const { all, archives } = addCutSession(home, "claude-code");
    lose(archives[0]);
    const { status, stdout, stderr } = await run("get", ID, "--full");
    expect(status).toBe(1);
    expect(stderr).toContain(basename(archives[0].archive));
    const [header = "", ...rest] = stdout.trimEnd().split("\n");
    expect(JSON.parse(header)).toMatchObject({ type: "segment-header", parentFile: basename(archives[0].archive) });
    expect(rest).toEqual(all.slice(4));
    const report = await runJson("get", ID, "--full", "--to", join(home.root, "copy"));
    expect(report.installations[0]?.findings).toMatchObject([{ kind: "missing-archive", severity: "warning" }]);
  });

  test("a damaged part fails it, and no copy stays", async () => {
    const { archives } = addCutSession(home, "claude-code");
    const path = join(placesOf(home, "claude-code").folder, archives[0].archive);
    const bytes = readFileSync(path);
    bytes.writeUInt8((bytes.at(-6) ?? 0) ^ 1, bytes.length - 6);
    writeFileSync(path, bytes);
    const to = join(home.root, "out", "copy.jsonl");
    mkdirSync(join(home.root, "out"));
    const { status, stderr } = await run("get", ID, "--full", "--to", to);
    expect([status, stderr]).toEqual([3, expect.stringContaining(path)]);
    expect(readdirSync(join(home.root, "out"))).toEqual([]);
  });
});

describe("restore get", () => {
  test("the newest archive as it is, another by its number, its name or its path", async () => {
    archiveIn(home, "claude-code", asFile(rows(1, 2)));
    const second = archiveIn(home, "claude-code", asFile(rows(3, 4)), { segment: 2 });
    const path = join(placesOf(home, "claude-code").folder, second.archive);
    expect((await run("get", ID)).stdout).toBe(asFile(rows(3, 4)));
    expect((await run("get", ID, "--segment", "1")).stdout).toBe(asFile(rows(1, 2)));
    expect((await run("get", basename(path))).stdout).toBe(asFile(rows(3, 4)));
    expect((await run("get", path)).stdout).toBe(asFile(rows(3, 4)));
    const elsewhere = ["--claude-home", join(home.root, ".other"), "--state-dir", home.state];
    mkdirSync(join(home.root, ".other"));
    expect((await keeper(["restore", "get", path, ...elsewhere])).stdout).toBe(asFile(rows(3, 4)));
  });

  test.for([
    [["get", "another"], "no archive of a session"],
    [["get", ID, "--segment", "7"], "no archive of the number 7"],
    [["get", ID, "--segment", "x"], "--segment: expected a number"],
    [["get", ID, "--segment", "1", "--full"], "do not go together"],
    [["get", ID, "--json"], "do not go together"],
    [["get"], "missing required argument"],
    [["got", ID], "unknown command"],
    [["verify", "--all", "--sample", "1"], "do not go together"],
    [["list", "--since", "yesterday"], "--since: expected a duration"],
  ] as const)("%j is refused", async ([args, why]) => {
    archiveIn(home, "claude-code", asFile(rows(1, 2)));
    const { status, stderr } = await run(...args);
    expect([status, stderr]).toEqual([2, expect.stringContaining(why)]);
  });

  test("a file is written for its owner only, told, and never over another one without --yes", async () => {
    const record = archiveIn(home, "claude-code", asFile(rows(1, 2)));
    const to = join(home.root, "copy.jsonl");
    const first = await run("get", ID, "--to", to);
    expect(first).toMatchObject({ status: 0, stderr: "" });
    expect(first.stdout).toContain(to);
    expect(readFileSync(to, "utf8")).toBe(asFile(rows(1, 2)));
    expect(statSync(to).mode & 0o777).toBe(0o600);
    writeFileSync(to, "mine");
    const again = await run("get", ID, "--to", to);
    expect([again.status, again.stderr]).toEqual([3, expect.stringContaining("--yes")]);
    expect(readFileSync(to, "utf8")).toBe("mine");
    const report = await runJson("get", ID, "--to", to, "--yes");
    expect(report.status).toBe(0);
    expect(report.installations[0]).toMatchObject({
      copy: { path: to, bytes: record.bytes, parts: 1, withLive: false },
      archives: [{ archive: record.archive }],
    });
    expect(readFileSync(to, "utf8")).toBe(asFile(rows(1, 2)));
  });

  test("a live transcript is never replaced, and nothing is written where sessions are in SQLite", async () => {
    addCutSession(home, "openclaw");
    const { source } = placesOf(home, "openclaw");
    const live = readFileSync(source, "utf8");
    expect((await run("get", ID, "--to", source, "--yes")).status).toBe(3);
    expect(readFileSync(source, "utf8")).toBe(live);
    const config = join(home.root, "config.json5");
    writeFileSync(
      config,
      JSON.stringify({
        installations: { a: { openclaw: { home: home.openclaw, version: "2026.8.1" }, claude: false } },
      }),
    );
    const to = join(home.openclaw, "copy.jsonl");
    const inside = await keeper(["restore", "get", ID, "--to", to, "-c", config, "--state-dir", home.state]);
    expect([inside.status, existsSync(to)]).toEqual([3, false]);
  });

  test("a dry run writes nothing", async () => {
    addCutSession(home, "claude-code");
    const before = snapshot(home.root);
    const { status, stdout } = await run("get", ID, "--full", "--to", join(home.root, "copy"), "--dry-run");
    expect([status, stdout]).toEqual([0, expect.stringContaining("would write")]);
    expect(snapshot(home.root)).toEqual(before);
  });
});

describe("where the lines go", () => {
  const long = asFile(
    Array.from({ length: 60_000 }, (_, index) => createHash("md5").update(String(index)).digest("hex")),
  );

  test("through a pipe, whole; a reader that has seen enough is no failure", async () => {
    archiveIn(home, "claude-code", long);
    expect((await run("get", ID)).stdout).toBe(long);
    const command = [process.execPath, binary, "restore", "get", ID, ...home.args].map((word) => `'${word}'`).join(" ");
    const piped = spawnSync("bash", ["-c", `${command} | head -n 1; exit "\${PIPESTATUS[0]}"`], { encoding: "utf8" });
    expect([piped.status, piped.stdout, piped.stderr]).toEqual([0, long.slice(0, 33), ""]);
  });

  test("never to a terminal", async () => {
    archiveIn(home, "claude-code", long);
    const written: Uint8Array[] = [];
    const goTo = async (isTerminal: boolean) => {
      const report = await runInProcess(home, {
        isTerminal: () => isTerminal,
        async write(pieces) {
          for await (const piece of pieces) written.push(Buffer.from(piece));
        },
      });
      return [report.exitCode, Buffer.concat(written).length];
    };
    expect(await goTo(true)).toEqual([2, 0]);
    expect(await goTo(false)).toEqual([0, long.length]);
  });
});

function runInProcess({ root, claude, state }: Home, output: Output) {
  const argv = ["restore", "get", ID, "--claude-home", claude, "--state-dir", state];
  const invocation = parseCommandLine(argv, "1");
  if (!("request" in invocation)) throw new Error("that is a command line");
  const surroundings = { env: {}, homeDirectory: root, uid: process.getuid?.() ?? 0, cwd: root, systemDirectory: root };
  return runRequest(invocation.request, { surroundings, version: "1", signal: new AbortController().signal, output });
}

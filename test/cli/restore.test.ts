import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { reportSchema } from "../../src/report/schema.ts";
import { addCutSession, archiveIn, ID, placesOf, rows, sessionRow } from "../support/archived-session.ts";
import { addArchive, asFile } from "../support/archives.ts";
import { type Home, makeHome, snapshot } from "../support/home.ts";
import { keeper, keeperJson } from "../support/keeper.ts";

const OTHER = "5a1d6a7c-9b02-4c4e-8a51-2d7e90c3b817";

let home: Home;
beforeEach(() => {
  home = makeHome();
});
afterEach(() => home.remove());

const run = (...args: string[]) => keeper(["restore", ...args, ...home.args]);
const runJson = (...args: string[]) => keeperJson(["restore", ...args, ...home.args]);

describe("restore list", () => {
  test("tells every archive, of both programs, those of a session together, and changes nothing", async () => {
    const one = archiveIn(home, "claude-code", asFile(rows(1, 2)));
    archiveIn(home, "claude-code", asFile(rows(1, 2)), { sessionId: OTHER, segment: 2 });
    const three = archiveIn(home, "claude-code", asFile(rows(3, 5)), { segment: 3, reason: "repair" });
    const own = archiveIn(home, "openclaw", asFile([sessionRow]), { segment: 4, purpose: "remove" });
    const before = snapshot(home.root);
    const { status, stdout, stderr } = await run("list");
    expect([status, stderr]).toEqual([0, ""]);
    const table = stdout.split("\n").filter((row) => row.includes(".jsonl.gz"));
    expect(table.map((row) => row.trim().split(/ {2,}/).slice(0, 5))).toEqual([
      [ID, "1", "2026-02-01 11:00:00", "size", "2"],
      [ID, "3", "2026-02-01 13:00:00", "repair", "3"],
      [OTHER, "2", "2026-02-01 12:00:00", "size", "2"],
      [ID, "4", "2026-02-01 14:00:00", "size", "1"],
    ]);
    expect(table[0]).toContain(join(placesOf(home, "claude-code").folder, one.archive));
    const { status: _, stderr: __, ...document } = await runJson("list", "--session", ID);
    reportSchema.parse(document);
    const told = document.installations[0]?.archives ?? [];
    expect(told.map(({ archive }) => archive)).toEqual([one.archive, three.archive, own.archive]);
    expect(told[2]).toMatchObject({ purpose: "remove", dialect: "openclaw", sha256: own.sha256 });
    expect(snapshot(home.root)).toEqual(before);
  });

  test("is narrowed down by reason and by time", async () => {
    archiveIn(home, "claude-code", "a\n");
    const late = archiveIn(home, "claude-code", "b\n", {
      segment: 2,
      reason: "repair",
      at: new Date(Date.now() - 60_000).toISOString(),
    });
    for (const options of [
      ["--reason", "repair"],
      ["--since", "1h"],
      ["--since", new Date(Date.now() - 2 * 86_400_000).toISOString().slice(0, 10)],
      ["--since", new Date(Date.now() - 3_600_000).toISOString()],
    ])
      expect((await runJson("list", ...options)).installations[0]?.archives).toMatchObject([{ archive: late.archive }]);
  });

  test("says that there is none, and fails for a home that is not there", async () => {
    expect(await run("list")).toMatchObject({ status: 0, stdout: expect.stringContaining("no archives") });
    const gone = await keeper(["restore", "list", "--claude-home", join(home.root, "none"), "--state-dir", home.state]);
    expect([gone.status, gone.stderr]).toEqual([3, expect.stringContaining("does not exist")]);
  });

  test("in a folder that installations share, each has its own; -i leaves the others out, get finds them all the same", async () => {
    const shared = join(home.root, "archives");
    const source = join(home.root, "s.jsonl");
    addArchive(shared, "a\n", { sessionId: ID, source, installation: "a" });
    addArchive(shared, "b\n", { sessionId: OTHER, source, installation: "b" });
    const config = join(home.root, "config.json5");
    const installations = {
      a: { openclaw: { home: home.openclaw }, claude: false },
      b: { claude: { home: home.claude }, openclaw: false },
    };
    writeFileSync(config, JSON.stringify({ installations, archive: { directory: shared } }));
    const args = ["-c", config, "--state-dir", home.state];
    const idsOf = (report: Awaited<ReturnType<typeof keeperJson>>) =>
      report.installations.map(({ name, archives }) => [name, archives?.map(({ sessionId }) => sessionId)]);
    expect(idsOf(await keeperJson(["restore", "list", ...args]))).toEqual([
      ["a", [ID]],
      ["b", [OTHER]],
    ]);
    expect(idsOf(await keeperJson(["restore", "list", "-i", "b", ...args]))).toEqual([["b", [OTHER]]]);
    expect((await keeper(["restore", "get", ID, "-i", "b", ...args])).stdout).toBe("a\n");
  });
});

describe("restore verify", () => {
  test("is silent in a crontab where all is well, and says so when asked", async () => {
    addCutSession(home, "claude-code");
    expect(await run("verify")).toMatchObject({ status: 0, stdout: "", stderr: "" });
    expect((await run("verify", "-v")).stdout).toContain("3 archives read back");
    expect((await runJson("verify", "--sample", "2")).installations[0]?.archives).toHaveLength(2);
  });

  test("tells each archive that does not hold what was archived", async () => {
    const { archives } = addCutSession(home, "claude-code");
    const path = join(placesOf(home, "claude-code").folder, archives[1].archive);
    appendFileSync(path, "x");
    const { status: _, stderr: __, ...document } = await runJson("verify", "--all");
    reportSchema.parse(document);
    expect(document.exitCode).toBe(1);
    expect(document.installations[0]?.findings).toMatchObject([
      { kind: "unverified-archive", severity: "error", path, sessionId: ID, evidence: { sha256: archives[1].sha256 } },
    ]);
    expect(document.installations[0]?.archives?.map(({ verified }) => verified)).toEqual([true, true, false]);
    const told = await run("verify");
    expect([told.status, told.stdout]).toEqual([1, expect.stringContaining(path)]);
    expect(told.stdout).toContain("3 archives read back, 1 cannot be trusted");
  });
});

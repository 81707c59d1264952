import { spawn } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { reportSchema } from "../../src/report/schema.ts";
import { damagedCases, healthyCases } from "../support/damaged.ts";
import { age, archivesIn, snapshot, unzip } from "../support/home.ts";
import { keeper, keeperJson } from "../support/keeper.ts";

let folder: string | undefined;
afterEach(() => {
  if (folder) rmSync(folder, { recursive: true });
  folder = undefined;
});

/** A copy of a fixture, an hour old, in a folder of its own. */
function copyOf(
  name: string,
  dialect = "claude-code",
): { path: string; original: Buffer; repaired: Buffer | undefined } {
  folder ??= realpathSync(mkdtempSync(join(tmpdir(), "keeper-files-")));
  const found = damagedCases().find((one) => one.name === name && one.dialect === dialect);
  if (!found) throw new Error(`there is no fixture ${name}`);
  const path = join(folder, `${name}.jsonl`);
  copyFileSync(found.path, path);
  chmodSync(path, 0o600);
  age(path, 3_600_000);
  return { path, original: readFileSync(path), repaired: found.repaired };
}

const findingsOf = (report: Awaited<ReturnType<typeof keeperJson>>) => report.installations[0]?.findings ?? [];

describe("files, wherever they lie", () => {
  test("every damaged fixture is told as expected and mended to the byte; a second repair has nothing to do", async () => {
    const cases = damagedCases();
    const copies = cases.map(({ name, dialect, path, ...rest }) => {
      folder ??= realpathSync(mkdtempSync(join(tmpdir(), "keeper-files-")));
      mkdirSync(join(folder, dialect), { recursive: true });
      const copy = join(folder, dialect, `${name}.jsonl`);
      copyFileSync(path, copy);
      age(copy, 3_600_000);
      for (const bak of ["2026-02-09T11-00-00.000Z", "2026-02-09T12-00-00.000Z"])
        if (existsSync(`${path}.bak.${bak}`)) copyFileSync(`${path}.bak.${bak}`, `${copy}.bak.${bak}`);
      return { name, copy, original: readFileSync(copy), ...rest };
    });
    const files = copies.map(({ copy }) => copy);
    const where = ["--archive-dir", join(folder ?? "", "archive"), "--state-dir", join(folder ?? "", "state")];
    const seen = await keeperJson(["detect-corruption", ...files, ...where]);
    expect(seen.status).toBe(1);
    const { status: _, stderr: __, ...document } = seen;
    reportSchema.parse(document);
    for (const { copy, name, findings } of copies) {
      const told = findingsOf(seen)
        .filter(({ path }) => path === copy)
        .map(({ kind, severity, line, evidence }) => ({ kind, severity, line, ids: evidence.ids }));
      expect([name, sorted(told)]).toEqual([name, sorted(findings)]);
    }
    await keeperJson(["detect-corruption", "--repair", ...files, ...where]);
    for (const { copy, name, original, repaired } of copies)
      expect([name, readFileSync(copy, "latin1")]).toEqual([name, (repaired ?? original).toString("latin1")]);
    const again = await keeperJson(["detect-corruption", "--repair", ...files, ...where]);
    expect(again.installations[0]?.actions.filter(({ result }) => result === "done")).toEqual([]);
    const archives = archivesIn(join(folder ?? "", "archive")).map((path) => unzip(path).toString("latin1"));
    for (const { original, repaired } of copies) if (repaired) expect(archives).toContain(original.toString("latin1"));
  });

  test("healthy files are silent, and a look leaves no trace", async () => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), "keeper-files-")));
    for (const { name, dialect, path } of healthyCases()) copyFileSync(path, join(folder, `${dialect}-${name}.jsonl`));
    const before = snapshot(folder);
    const files = healthyCases().map(({ name, dialect }) => join(folder ?? "", `${dialect}-${name}.jsonl`));
    const home = join(folder, "home");
    expect(await keeper(["detect-corruption", ...files], { HOME: home })).toMatchObject({
      status: 0,
      stdout: "",
      stderr: "",
    });
    expect(snapshot(folder)).toEqual(before);
  });

  test("the report is of one installation named files, of no era, and names line, ids, effect and repair", async () => {
    const { path } = copyOf("orphaned-result-last");
    const report = await keeperJson(["detect-corruption", path]);
    expect(report.installations).toMatchObject([{ name: "files", era: null, dialects: ["claude-code"] }]);
    expect(findingsOf(report)).toMatchObject([
      {
        kind: "orphaned-result",
        severity: "error",
        resolved: false,
        path,
        evidence: {
          ids: ["toolu_01Gone"],
          repair: "drop-block",
          effects: [{ effect: "fatal" }, { effect: "harmless" }],
        },
      },
    ]);
  });

  test("a repair keeps mode and time, puts the original beside when there is no home, and says what was lost", async () => {
    const { path, original, repaired } = copyOf("orphaned-result-beside-good");
    const { mtimeMs } = statSync(path);
    const report = await keeperJson(["detect-corruption", path, "--repair"]);
    expect(report).toMatchObject({ status: 0, summary: { done: 2, failed: 0 } });
    expect(report.installations[0]?.actions).toMatchObject([
      { kind: "archive-transcript", result: "done", detail: { bytes: original.length } },
      { kind: "repair-transcript", result: "done", detail: { lost: { results: 1, calls: 0 }, left: 0 } },
    ]);
    expect(readFileSync(path).equals(repaired ?? Buffer.of())).toBe(true);
    expect(statSync(path).mtimeMs).toBeCloseTo(mtimeMs, 1);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const [archive = ""] = archivesIn(join(folder ?? "", "session-archives"));
    expect(archive).toMatch(/\.repair\.jsonl\.gz$/);
    expect(unzip(archive).equals(original)).toBe(true);
  });

  test("what cannot be mended keeps nothing else from it, and stays to be told", async () => {
    const { path, repaired } = copyOf("many");
    const report = await keeperJson(["detect-corruption", path, "--repair"]);
    expect(report.status).toBe(1);
    expect(findingsOf(report).filter(({ resolved, severity }) => !resolved && severity !== "info")).toMatchObject([
      { kind: "straggler", evidence: { repair: "none" } },
    ]);
    expect(readFileSync(path).equals(repaired ?? Buffer.of())).toBe(true);
  });

  test("a dry run tells what it would do and changes nothing", async () => {
    const { path } = copyOf("many");
    const before = snapshot(folder ?? "");
    const report = await keeperJson(["detect-corruption", "--repair", "--dry-run", path]);
    expect(report.installations[0]?.actions.map(({ kind, result }) => `${kind} ${result}`)).toEqual([
      "archive-transcript planned",
      "repair-transcript planned",
    ]);
    expect(snapshot(folder ?? "")).toEqual(before);
  });

  test("a file that somebody has open, or a link in its place, is left alone with a word", async () => {
    const { path, original } = copyOf("many");
    const writer = spawn("sh", ["-c", `exec 3>>'${path}'; echo ready; sleep 60`], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    await new Promise((resolve) => writer.stdout.once("data", resolve));
    age(path, 3_600_000);
    const busy = await keeperJson(["detect-corruption", path, "--repair"]);
    expect(busy).toMatchObject({ status: 1, installations: [{ actions: [{ result: "busy" }] }] });
    writer.kill();
    const link = join(folder ?? "", "link.jsonl");
    symlinkSync(path, link);
    const linked = await keeperJson(["detect-corruption", link, "--repair"]);
    expect(linked).toMatchObject({ status: 1, installations: [{ findings: [{ kind: "unreadable" }], actions: [] }] });
    expect(readFileSync(path).equals(original)).toBe(true);
  });

  test("a file that is not there is a slip of the hand", async () => {
    const { status, stderr } = await keeper(["detect-corruption", "/nowhere/s.jsonl"]);
    expect(status).toBe(2);
    expect(stderr).toContain("there is no transcript /nowhere/s.jsonl");
  });

  test("nothing of the conversation is in a report, on the screen or in JSON", async () => {
    const { path, original } = copyOf("many");
    const words = original.toString("utf8").match(/"(?:text|content)":"([^"]{12,40})/g) ?? [];
    expect(words.length).toBeGreaterThan(3);
    const json = await keeper(["detect-corruption", path, "--repair", "--json"]);
    const { path: again } = copyOf("many");
    const human = await keeper(["detect-corruption", again, "--repair"]);
    for (const word of words) {
      const text = word.slice(word.indexOf(":") + 2);
      expect(json.stdout + json.stderr + human.stdout + human.stderr).not.toContain(text);
    }
  });
});

function sorted<T extends { line?: number | undefined; kind: string }>(findings: readonly T[]): T[] {
  return findings.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0) || a.kind.localeCompare(b.kind));
}

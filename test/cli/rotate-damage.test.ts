import { appendFileSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { projectNamesOf } from "../../src/installation/paths.ts";
import { linesIn } from "../support/cut.ts";
import {
  age,
  boundEntry,
  type Home,
  makeHome,
  readRegistryOf,
  sessionsFolder,
  writeRegistry,
} from "../support/home.ts";
import { keeperJson } from "../support/keeper.ts";
import { writeTranscript } from "../support/transcript-generator.ts";

let home: Home;
afterEach(() => home?.remove());

const SESSION = "5e551011-c07a-4cab-8f00-0000000000d1";

/** A bound conversation with compactions, larger than the limit. */
function aSession(dialect: "claude-code" | "openclaw", options: { boundaries?: number; orphans?: number } = {}) {
  home = makeHome();
  const folder =
    dialect === "openclaw"
      ? sessionsFolder(home)
      : join(home.claude, "projects", projectNamesOf(home.workspace)[0] ?? "");
  const path = join(folder, `${SESSION}.jsonl`);
  mkdirSync(dirname(path), { recursive: true });
  writeTranscript(path, { dialect, bytes: 3_100_000, boundaries: 3, sessionId: SESSION, ...options });
  age(path, 120_000);
  const entry = dialect === "openclaw" ? { sessionId: SESSION, sessionFile: path } : boundEntry(SESSION);
  writeRegistry(home, { "agent:main:main": { updatedAt: Date.now() - 300_000, ...entry } });
  return path;
}

/** Changes the lines of a file, which nobody seems to have written to for two minutes. */
function edit(path: string, change: (lines: string[]) => string[]): void {
  writeFileSync(path, `${change(linesIn(path)).join("\n")}\n`);
  age(path, 120_000);
}

async function rotate(...more: string[]) {
  const { status, installations } = await keeperJson(["rotate", ...home.args, ...more]);
  const [seen] = installations;
  return {
    status,
    did: seen?.actions.map(({ kind, result }) => `${kind} ${result}`),
    findings: seen?.findings ?? [],
    spared: seen?.spared.map(({ because }) => because),
  };
}

const MENDED = ["archive-transcript done", "repair-transcript done"];
const CUT = ["archive-transcript done", "append-note done", "cut-transcript done"];

test("one torn line behind the last compaction of a large session is taken out, and then the session is cut", async () => {
  const path = aSession("openclaw");
  const at = linesIn(path).findLastIndex((line) => line.includes('"type":"compaction"'));
  expect(at).toBeGreaterThan(0);
  edit(path, (lines) => lines.with(at + 3, (lines[at + 3] ?? "").slice(0, 40)));
  const first = await rotate();
  expect(first.did).toEqual(MENDED);
  expect(first.findings).toMatchObject([
    { kind: "oversized", resolved: false, evidence: { cutRefused: "damaged" } },
    { kind: "unanswered-call", resolved: true },
    { kind: "broken-line", resolved: true },
  ]);
  expect((await rotate()).did).toEqual(expect.arrayContaining(["cut-transcript done"]));
  expect(statSync(path).size).toBeLessThan(1_500_000);
});

test("a compaction that is glued to the row before it is found again, and then the session is cut", async () => {
  const path = aSession("claude-code", { boundaries: 1 });
  const at = linesIn(path).findIndex((line) => line.includes('"compact_boundary"'));
  edit(path, (lines) => lines.toSpliced(at - 1, 2, `${lines[at - 1]}${lines[at]}`));
  expect((await rotate()).did).toEqual(MENDED);
  expect((await rotate()).did).toEqual(CUT);
});

test("damage in a large session of which a cut would free too little is mended", async () => {
  const path = aSession("claude-code", { boundaries: 1, orphans: 1 });
  const at = linesIn(path).findIndex((line) => line.includes('"compact_boundary"'));
  edit(path, (lines) => lines.slice(at - 1));
  const small = ["--max-size", "500KB"];
  const first = await rotate(...small);
  expect(first.did).toEqual(MENDED);
  expect(first.findings).toMatchObject([
    { kind: "oversized", severity: "info" },
    { kind: "orphaned-result", severity: "error", resolved: true },
  ]);
  expect(await rotate(...small)).toMatchObject({ status: 0, did: [], spared: ["tail-too-large"] });
});

test("a tail that is too large is no trouble to any command up to the hard limit", async () => {
  const path = aSession("claude-code", { boundaries: 1 });
  const at = linesIn(path).findIndex((line) => line.includes('"compact_boundary"'));
  edit(path, (lines) => lines.slice(at - 1));
  const config = join(home.root, "config.json5");
  const installation = {
    openclaw: { home: home.openclaw },
    claude: { home: home.claude },
    gateway: { logs: [home.log] },
  };
  const configured = async (command: string, hardLimit: string) => {
    writeFileSync(
      config,
      JSON.stringify({ installations: { jarvis: installation }, rotate: { maxSize: "500KB", hardLimit } }),
    );
    const { status, installations } = await keeperJson([command, "--dry-run", "-c", config, "--state-dir", home.state]);
    const seen = installations[0]?.findings.filter(({ kind }) => kind === "oversized");
    expect(seen).toMatchObject([{ path, evidence: { bytesAfterCut: expect.any(Number) } }]);
    return [status, seen?.[0]?.severity];
  };
  for (const command of ["rotate", "archive", "status"]) expect(await configured(command, "20MB")).toEqual([0, "info"]);
  for (const command of ["rotate", "archive", "status"])
    expect(await configured(command, "600KB")).toEqual([1, "warning"]);
});

test("damage in a large session without a compaction is mended before a digest takes its place", async () => {
  const path = aSession("claude-code", { boundaries: 0, orphans: 1 });
  expect((await rotate()).did).toEqual(MENDED);
  expect((await rotate()).did).toContain("digest-transcript done");
  expect(readFileSync(path, "utf8")).toContain("This session was shortened by session-keeper.");
});

test("a condemned session of which mending would leave nothing is given up by the next run", async () => {
  const path = aSession("claude-code");
  writeFileSync(path, '{"type":"user","mess\n{"type":"assis\n');
  age(path, 120_000);
  appendFileSync(home.log, `${new Date().toISOString()} sessionId=${SESSION} unexpected tool_use_id in tool_result\n`);
  expect(await rotate()).toMatchObject({ status: 3, did: ["archive-transcript done", "repair-transcript failed"] });
  const second = await rotate();
  expect(second.did).toContain("digest-transcript done");
  expect(second.findings.every(({ resolved }) => resolved)).toBe(true);
  expect(await rotate()).toMatchObject({ status: 0, did: [] });
});

test("damage that cannot be mended is tried once, and told until the session changes", async () => {
  const path = aSession("claude-code");
  writeFileSync(path, '{"type":"user","mess\n{"type":"assis\n');
  age(path, 120_000);
  expect((await rotate()).status).toBe(3);
  for (const _ of [1, 2]) {
    const { status, did, spared, findings } = await rotate();
    expect({ status, did, spared }).toEqual({ status: 1, did: [], spared: ["unmendable"] });
    expect(findings.map(({ kind, resolved }) => `${kind} ${resolved}`)).toContain("broken-line false");
  }
  appendFileSync(path, '{"type":"us\n');
  age(path, 120_000);
  expect((await rotate()).did).toContain("repair-transcript failed");
});

test.for([8000, 100_000])("a bound session of %i NULs is forgotten like an empty one", async (bytes) => {
  const path = aSession("claude-code");
  writeFileSync(path, Buffer.alloc(bytes));
  age(path, 120_000);
  expect(await rotate()).toMatchObject({
    status: 0,
    did: ["edit-registry done"],
    findings: [{ kind: "stale-binding", resolved: true }],
  });
  expect(readRegistryOf(home)["agent:main:main"]).not.toHaveProperty("claudeCliSessionId");
  expect(await rotate()).toMatchObject({ status: 0, did: [], findings: [] });
});

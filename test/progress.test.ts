import { afterEach, expect, test } from "vitest";
import { parseCommandLine } from "../src/program.ts";
import { counted, countedAsTheyCome, during, lookOn, type Work } from "../src/progress.ts";
import { run } from "../src/run/run.ts";
import { addClaudeSession, boundEntry, type Home, makeHome, writeRegistry } from "./support/home.ts";

let home: Home | undefined;
afterEach(() => home?.remove());

test("without anybody to look on, work goes as it would", async () => {
  const things = [1, 2, 3];
  expect(counted("look-at-transcripts", things)).toBe(things);
  expect(await during("archive", 10, async (advance) => advance(5))).toBeUndefined();
  async function* come() {
    yield* things;
  }
  const seen: number[] = [];
  for await (const one of countedAsTheyCome("do-jobs", 3, come())) seen.push(one);
  expect(seen).toEqual(things);
});

test("a run tells whoever looks on what it works on, and in the end all of it is over", async () => {
  home = makeHome();
  const { sessionId } = addClaudeSession(home, { bytes: 6_000_000 });
  addClaudeSession(home, { bytes: 5000 });
  writeRegistry(home, { "agent:main:main": boundEntry(sessionId) });
  const [begun, ended] = [[] as Work[], [] as Work[]];
  lookOn({ begun: (work) => begun.push(work), advanced: () => undefined, ended: (work) => ended.push(work) });
  await look(home, ["rotate"]);
  await look(home, ["detect-corruption"]);
  await look(home, ["restore", "verify"]);
  const kinds = [
    "look-at-transcripts",
    "read-transcript",
    "do-jobs",
    "archive",
    "read-archive-back",
    "verify-archives",
  ];
  expect(begun.map(({ kind }) => kind)).toEqual(expect.arrayContaining(kinds));
  expect(new Set(ended)).toEqual(new Set(begun));
  const archived = begun.find(({ kind }) => kind === "archive");
  expect(archived?.done).toBeGreaterThan(6_000_000);
  for (const work of begun.filter(({ kind }) => kind !== "read-transcript" && kind !== "wait-for-run"))
    expect(work.done, work.kind).toBe(work.total);
});

async function look({ root, args }: Home, words: string[]): Promise<void> {
  const invocation = parseCommandLine([...words, ...args], "0");
  if ("text" in invocation) throw new Error(invocation.text);
  const surroundings = { env: {}, homeDirectory: root, uid: process.getuid?.() ?? 0, cwd: root, systemDirectory: root };
  const signal = new AbortController().signal;
  const report = await run(invocation.request, { surroundings, version: "0", signal });
  expect(report.error ?? report.installations.find(({ failure }) => failure)).toBeUndefined();
}

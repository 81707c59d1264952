import { execFileSync } from "node:child_process";
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { lookAt } from "../../src/disk/fingerprint.ts";
import type { Installation, Transcript } from "../../src/installation/installation.ts";
import { baseOf, findSidecars } from "../../src/installation/sidecars.ts";
import { addClaudeSession, addOpenClawSession, type Home, makeHome, sessionsFolder } from "../support/home.ts";
import { put } from "../support/surroundings.ts";

let home: Home;
beforeEach(() => {
  home = makeHome();
});
afterEach(() => home.remove());

function find(transcript: Transcript, paths: Record<string, string> = {}, others: string[] = []) {
  const installation = {
    openclaw: { home: home.openclaw },
    claude: { home: home.claude },
    settings: { paths },
    transcripts: [transcript, ...others.map((path) => ({ path }))],
    registries: [{ path: join(sessionsFolder(home), "sessions.json") }],
  } as unknown as Installation;
  const found = findSidecars(transcript, installation);
  if ("refused" in found) return found.refused;
  expect(found.base).toBe(baseOf(transcript, installation));
  const all = [...found.folders, ...found.files];
  for (const { path, fingerprint } of all) expect(fingerprint).toEqual(lookAt(path)?.fingerprint);
  return all.map(({ path }) => path.slice(found.base.length + 1));
}

function transcriptAt(dialect: Transcript["dialect"], { path, sessionId }: { path: string; sessionId: string }) {
  const fingerprint = lookAt(path)?.fingerprint as Transcript["fingerprint"];
  const rest = { group: "main", kind: "file" as const, entries: [], inWorkspace: false };
  return { dialect, path, sessionId, fingerprint, ...rest } satisfies Transcript;
}

/** A Claude Code session and the folder of its sidecars. */
function claude() {
  const transcript = transcriptAt("claude-code", addClaudeSession(home));
  const folder = join(dirname(transcript.path), transcript.sessionId);
  const below = folder.slice(home.claude.length + 1);
  return { transcript, folder, below };
}

/** An OpenClaw session, what its sidecars begin with, and a pointer to be written. */
function openclaw(sessionId = "s1", name = sessionId) {
  const transcript = transcriptAt("openclaw", addOpenClawSession(home, { sessionId: name }));
  const stem = transcript.path.replace(/\.jsonl$/, "");
  const point = (runtimeFile: string, more: object = {}) => {
    const pointer = { traceSchema: "openclaw-trajectory-pointer", schemaVersion: 1, sessionId, runtimeFile, ...more };
    put(`${stem}.trajectory-path.json`, `${JSON.stringify(pointer, null, 2)}\n`);
  };
  return { transcript, stem, point };
}

const event = (sessionId: string) =>
  `${JSON.stringify({ traceSchema: "openclaw-trajectory", schemaVersion: 1, source: "runtime", sessionId })}\n`;
const BESIDE = "agents/main/sessions/";

test("Claude Code: the session's folder with all in it, those above first; links inside are links", () => {
  const { transcript, folder, below } = claude();
  expect(find(transcript)).toEqual([]);
  put(join(folder, "tool-results", "b.txt"), "b");
  put(join(folder, "subagents", "workflows", "r", "agent-a.jsonl"), "{}\n");
  mkdirSync(join(folder, "empty"));
  symlinkSync("tool-results/b.txt", join(folder, "link"));
  symlinkSync("gone", join(folder, "tool-results", "dangling"));
  put(join(dirname(folder), "another", "x"), "x");
  expect(find(transcript)).toEqual([
    below,
    join(below, "empty"),
    join(below, "subagents"),
    join(below, "subagents/workflows"),
    join(below, "subagents/workflows/r"),
    join(below, "tool-results"),
    join(below, "link"),
    join(below, "subagents/workflows/r/agent-a.jsonl"),
    join(below, "tool-results/b.txt"),
    join(below, "tool-results/dangling"),
  ]);
});

test("Claude Code: what cannot be taken along keeps the whole session, with the reason", () => {
  const cases: [(folder: string) => void, string][] = [
    [(folder) => symlinkSync("../../..", join(folder, "out")), "leads out of the session's folder"],
    [(folder) => symlinkSync("/nowhere", join(folder, "out")), "leads out of the session's folder"],
    [(folder) => symlinkSync(`${folder}-2`, join(folder, "out")), "leads out of the session's folder"],
    [(folder) => execFileSync("mkfifo", [join(folder, "fifo")]), "neither a file nor a folder"],
    [(folder) => writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0xff])]), ""), "UTF-8"],
  ];
  for (const [spoil, words] of cases) {
    const { transcript, folder } = claude();
    mkdirSync(folder);
    spoil(folder);
    expect(find(transcript)).toContain(words);
  }
  const { transcript, folder } = claude();
  mkdirSync(`${folder}-elsewhere`);
  symlinkSync(`${folder}-elsewhere`, folder);
  expect(find(transcript)).toContain("is no plain folder");
  const other = claude();
  writeFileSync(other.folder, "");
  expect(find(other.transcript)).toContain("is no plain folder");
});

test("what lies on another file system stays, and so does what this user may not read", () => {
  const { transcript, folder } = claude();
  put(join(folder, "a"), "a");
  const device = transcript.fingerprint.device + 1;
  expect(find({ ...transcript, fingerprint: { ...transcript.fingerprint, device } })).toContain("another file system");
  const isRoot = process.geteuid?.() === 0;
  put(join(folder, "secret"), "", 0o000);
  if (isRoot) expect(find(transcript)).toHaveLength(3);
  else expect(find(transcript)).toContain("cannot be read");
});

test("OpenClaw: the trace and the pointer beside the transcript, of a topic its own", () => {
  const { transcript, stem } = openclaw();
  const topic = openclaw("s1", "s1-topic-12");
  expect(find(transcript)).toEqual([]);
  put(`${stem}.trajectory.jsonl`, event("s1"));
  put(`${stem}.trajectory-path.json`, "{");
  put(`${stem}.checkpoint.0.jsonl`, "");
  put(`${topic.stem}.trajectory.jsonl`, event("s1"));
  expect(find(transcript)).toEqual([`${BESIDE}s1.trajectory.jsonl`, `${BESIDE}s1.trajectory-path.json`]);
  expect(find(topic.transcript)).toEqual([`${BESIDE}s1-topic-12.trajectory.jsonl`]);
});

test("OpenClaw: the trace that the pointer names, in the home and of this session only", () => {
  const { transcript, stem, point } = openclaw();
  const trace = put(join(home.openclaw, "traces", "s1.jsonl"), event("s1"));
  const pointer = `${BESIDE}s1.trajectory-path.json`;
  point(trace);
  expect(find(transcript)).toEqual([pointer, "traces/s1.jsonl"]);
  expect(find(transcript, {}, [trace]), "a transcript of its own").toEqual([pointer]);
  point("/box/traces/s1.jsonl");
  expect(find(transcript, { "/box": home.openclaw })).toEqual([pointer, "traces/s1.jsonl"]);
  const topic = openclaw("s1", "s1-topic-12");
  topic.point(trace);
  expect(find(topic.transcript)).toEqual([`${BESIDE}s1-topic-12.trajectory-path.json`, "traces/s1.jsonl"]);

  point(`${stem}.trajectory.jsonl`);
  expect(find(transcript)).toEqual([pointer]);
  point(trace, { sessionId: "s2" });
  expect(find(transcript)).toEqual([pointer]);
  point(put(join(home.openclaw, "traces", "s2.jsonl"), event("s2")));
  expect(find(transcript), "another session's trace").toEqual([pointer]);
  point(join(home.openclaw, "openclaw.json"));
  expect(find(transcript), "no trace at all").toEqual([pointer]);
  point(transcript.path);
  expect(find(transcript), "the transcript itself").toEqual([pointer]);
  const outside = put(join(home.root, "outside", "s1.jsonl"), event("s1"));
  point(outside);
  expect(find(transcript)).toEqual([pointer]);
  symlinkSync(dirname(outside), join(home.openclaw, "way-out"));
  point(join(home.openclaw, "way-out", "s1.jsonl"));
  expect(find(transcript), "a way through a link").toEqual([pointer]);
});

test("OpenClaw: a link or a folder in the place of a trace keeps the session", () => {
  const { transcript, stem } = openclaw();
  put(`${stem}.trajectory.jsonl`, event("s1"));
  renameSync(`${stem}.trajectory.jsonl`, join(home.openclaw, "elsewhere"));
  symlinkSync(join(home.openclaw, "elsewhere"), `${stem}.trajectory.jsonl`);
  expect(find(transcript)).toContain("is no plain file");
  const other = openclaw("s2");
  mkdirSync(`${other.stem}.trajectory-path.json`);
  expect(find(other.transcript)).toContain("is no plain file");
});

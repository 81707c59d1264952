import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Evidence, evidenceOf, readEvidence } from "../../src/derive/evidence.ts";
import { sha256Of } from "../../src/disk/sha256.ts";
import { SESSION_ID, STARTED_AT, transcriptOf, written } from "../support/unregistered.ts";

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "keeper-evidence-"));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

async function evidenceIn(content: string | Buffer): Promise<Evidence> {
  const path = join(root, "x.jsonl");
  writeFileSync(path, content);
  return readAt(path);
}

async function readAt(path: string): Promise<Evidence> {
  const file = await open(path);
  try {
    return await readEvidence(file, (await file.stat()).size);
  } finally {
    await file.close();
  }
}

test("a transcript shows its id, workspace, place, model, counters and times", async () => {
  expect(await evidenceIn(transcriptOf([written.telegramGroup, written.telegramGroup]))).toEqual({
    sessionId: SESSION_ID,
    cwd: "/home/ada/clawd",
    shown: {
      ...{ kind: "group", chatType: "group", channel: "telegram", peer: "-1002003004", to: "telegram:-1002003004" },
    },
    taskSha256: sha256Of(written.telegramGroup),
    model: "example-model",
    modelProvider: "anthropic",
    counters: { inputTokens: 11, outputTokens: 5, totalTokens: 131, cacheRead: 100, cacheWrite: 20 },
    firstAt: STARTED_AT,
    lastAt: STARTED_AT + 5000,
  });
});

test("nothing of what was said is in it", async () => {
  const secret = "opensesame";
  const shown = await evidenceIn(
    transcriptOf([`${written.telegramDirect} ${secret}`, `${secret} ${written.infoGroup}`]),
  );
  expect(JSON.stringify(shown)).not.toContain(secret);
});

test("the model that was chosen counts where it never answered", async () => {
  const [header = "", chosen = ""] = transcriptOf([]).split("\n");
  expect(await evidenceIn(`${header}\n${chosen}\n`)).toMatchObject({
    model: "chosen-model",
    modelProvider: "anthropic",
    counters: {},
  });
});

test("the copy of what another program sent is no reply", async () => {
  const message = { role: "assistant", provider: "openclaw", model: "delivery-mirror" };
  const mirror = { type: "message", timestamp: "2026-11-20T17:00:00.000Z", message };
  expect(await evidenceIn(transcriptOf([written.stamped], { tail: [mirror] }))).toMatchObject({
    model: "example-model",
    lastAt: Date.parse("2026-11-20T17:00:00.000Z"),
  });
});

test("what another session sent shows nothing of this one", async () => {
  const sent = { text: written.cron, provenance: { kind: "inter_session", sourceSessionKey: "agent:main:cron:x" } };
  expect((await evidenceIn(transcriptOf([sent, written.telegramDirect]))).shown).toMatchObject({ kind: "direct" });
});

test("dates from before there were transcripts are none", async () => {
  const tail = [
    { type: "custom", timestamp: 1 },
    { type: "custom", timestamp: "1970-01-01T00:00:00Z" },
  ];
  expect((await evidenceIn(transcriptOf([], { tail }))).lastAt).toBe(STARTED_AT + 1000);
});

test("a text as a plain string is read like one in blocks", async () => {
  const row = { type: "message", message: { role: "user", content: written.telegramDirect } };
  expect((await evidenceIn(JSON.stringify(row))).shown).toMatchObject({ kind: "direct", peer: "700" });
});

test("of a huge transcript only the ends are read, however long its last line is", async () => {
  const head = transcriptOf([written.telegramGroup]);
  const path = join(root, "huge.jsonl");
  writeFileSync(path, head);
  truncateSync(path, 386_000_000); // a hole: a line of NULs
  const reply = {
    role: "assistant",
    model: "late-model",
    provider: "p",
    usage: { input: 3 },
    content: "x".repeat(2e6),
  };
  const last = JSON.stringify({ type: "message", timestamp: "2026-11-20T20:00:00.000Z", message: reply });
  writeFileSync(path, `\n${last}\n`, { flag: "a" });
  const startedAt = performance.now();
  const evidence = await readAt(path);
  expect(performance.now() - startedAt).toBeLessThan(500);
  expect(evidence).toMatchObject({
    sessionId: SESSION_ID,
    shown: { kind: "group" },
    model: "late-model",
    lastAt: Date.parse("2026-11-20T20:00:00.000Z"),
  });
});

test.each([200, 250, 256, 257, 300, 400, 500])("a run of %i replies counts each once", async (replies) => {
  expect((await evidenceIn(runOf(replies))).counters).toMatchObject({ inputTokens: replies, outputTokens: replies });
});

test("of a run that was not read whole the last reply counts", async () => {
  expect((await evidenceIn(runOf(700))).counters).toMatchObject({ inputTokens: 1, outputTokens: 1 });
});

/** A prompt and so many replies of 1000 bytes, with a token each. */
function runOf(replies: number): string {
  const usage = { input: 1, output: 1 };
  const reply = JSON.stringify({ type: "message", message: { role: "assistant", usage, content: "" } });
  const padded = reply.replace('"content":""', () => `"content":"${"x".repeat(999 - reply.length)}"`);
  const prompt = JSON.stringify({ type: "message", message: { role: "user", content: "x" } });
  return `${prompt}\n${`${padded}\n`.repeat(replies)}`;
}

test("any bytes are read without an error", () => {
  const row = fc.oneof(
    fc.json(),
    fc.string(),
    fc.constantFrom(...transcriptOf([...Object.values(written)]).split("\n")),
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(row.map(Buffer.from), fc.uint8Array().map(Buffer.from))), (lines) => {
      evidenceOf(lines);
    }),
  );
});

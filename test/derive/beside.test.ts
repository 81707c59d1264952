import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readBeside } from "../../src/derive/beside.ts";
import { SESSION_ID, transcriptOf, written } from "../support/unregistered.ts";

const name = `${SESSION_ID}.jsonl`;
const trace = `${SESSION_ID}.trajectory.jsonl`;
const line = `${JSON.stringify({ traceSchema: "openclaw-trajectory", sessionId: SESSION_ID, sessionKey: "agent:main:main" })}\n`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "keeper-beside-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("nothing beside it tells nothing", async () => {
  expect(await readBeside(folder, name)).toEqual({ traced: new Map() });
  expect(await readBeside(join(folder, "gone"), name)).toEqual({ traced: new Map() });
});

test("the trace of its runs names its key, also when it is long", async () => {
  writeFileSync(join(folder, trace), line + "x".repeat(2_000_000));
  expect((await readBeside(folder, name)).traced).toEqual(new Map([[SESSION_ID, "agent:main:main"]]));
});

test("a link in the trace's place is not followed", async () => {
  writeFileSync(join(folder, "elsewhere"), line);
  symlinkSync(join(folder, "elsewhere"), join(folder, trace));
  expect((await readBeside(folder, name)).traced).toEqual(new Map());
});

test("of older copies under its name the newest is read", async () => {
  const put = (ending: string, text: string) => writeFileSync(join(folder, `${name}.${ending}`), transcriptOf([text]));
  put("reset.2026-11-19T12-00-00.000Z", written.telegramDirect);
  put("bak.2026-11-20T12-00-00.000Z", written.telegramGroup);
  put("deleted.2026-11-18T12-00-00.000Z", written.cron);
  put("bak-123-1795000000000", written.hook);
  expect((await readBeside(folder, name)).archived?.shown).toMatchObject({ kind: "group" });
});

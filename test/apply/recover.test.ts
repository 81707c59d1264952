import { randomUUID } from "node:crypto";
import { existsSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { recoverSetAside } from "../../src/apply/recover.ts";
import { asidePathFor, draftPathFor } from "../../src/disk/left-behind.ts";
import { addClaudeSession, age, type Home, makeHome } from "../support/home.ts";
import { toolsFor } from "../support/sidecars.ts";

const MB = 1_000_000;
const OLD = "archived\n".repeat(100);
const LATE = '{"type":"user","uuid":"late","parentUuid":null}\n';

let home: Home;
let path: string;
let aside: string;
beforeEach(() => {
  home = makeHome();
  path = addClaudeSession(home).path;
  aside = asidePathFor(path, OLD.length);
});
afterEach(() => home.remove());

const recover = async () => await recoverSetAside(await toolsFor(home, "run"));

/** More than fits into one string; it takes no room on the disk. */
function makeHuge(): number {
  truncateSync(path, 600 * MB);
  writeFileSync(path, "\n", { flag: "a" });
  return 600 * MB + 1;
}

async function endOf(from: number): Promise<string> {
  const file = await open(path);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(4096), 0, 4096, from);
  await file.close();
  return buffer.toString("utf8", 0, bytesRead);
}

test("what was set aside goes, and the new file is as it was, when nothing came to the old one", async () => {
  const before = readFileSync(path, "utf8");
  writeFileSync(aside, OLD);
  expect(await recover()).toEqual([]);
  expect([existsSync(aside), readFileSync(path, "utf8")]).toEqual([false, before]);
});

test("beside a transcript of any size", async () => {
  const sizeBytes = makeHuge();
  writeFileSync(aside, OLD);
  expect(await recover()).toEqual([]);
  expect([existsSync(aside), await endOf(sizeBytes)]).toEqual([false, ""]);
  writeFileSync(aside, OLD + LATE);
  expect(await recover()).toEqual([]);
  expect([existsSync(aside), await endOf(sizeBytes)]).toEqual([false, LATE]);
  writeFileSync(aside, OLD + LATE); // a run that was killed once more before this went
  expect(await recover()).toEqual([]);
  expect([existsSync(aside), await endOf(sizeBytes)]).toEqual([false, LATE]);
});

test("a half-made file of a run here goes at once; one of a run on another host when nothing was written to it for long", async () => {
  const own = draftPathFor(path);
  const fresh = `${path}.session-keeper-${randomUUID()}.draft`;
  const old = `${path}.session-keeper-${randomUUID()}.draft`;
  for (const draft of [own, fresh, old]) writeFileSync(draft, "half");
  age(old, 2 * 3_600_000);
  expect(await recover()).toEqual([]);
  expect([own, fresh, old].map((draft) => existsSync(draft))).toEqual([false, true, false]);
});

import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Home, makeHome, readRegistryOf, sessionsFolder, writeRegistry } from "../support/home.ts";
import {
  A_SESSION_EACH,
  actionsOf,
  addTalk,
  configureGateway,
  DAY,
  entryFor,
  expectSettled,
  findingsOf,
  kindsOf,
  registryPath,
  repair,
  textOf,
  type Validated,
} from "../support/validate.ts";

let home: Home;
beforeEach(() => begin("2026.4.15"));
afterEach(() => home.remove());

function begin(version: string): void {
  home = makeHome({ version });
  configureGateway(home, A_SESSION_EACH);
}

const KEY = "agent:main:telegram:direct:700";
const WORK = "agent:work:main";
const old = Date.now() - DAY;

function sparedIn({ installations }: Validated) {
  return installations[0]?.spared ?? [];
}

describe("a file that an entry names is its transcript", () => {
  test.each(["2026.2.9", "2026.4.15", "2026.6.11"])(
    "where it lies with another agent, beside a gateway of %s",
    async (version) => {
      home.remove();
      begin(version);
      const theirs = addTalk(home);
      writeRegistry(home, {});
      writeRegistry(home, { [WORK]: entryFor(theirs) }, "work");
      const report = await repair(home);
      expect(kindsOf(report)).toEqual([]);
      expect(actionsOf(report)).toEqual([]);
      expect(readRegistryOf(home, "work")).toEqual({ [WORK]: entryFor(theirs) });
      await expectSettled(home);
    },
  );

  test("and so is that of its id in its own folder, which earlier releases take", async () => {
    const [theirs, own] = [addTalk(home), addTalk(home, { agent: "work" })];
    writeRegistry(home, {});
    writeRegistry(home, { [WORK]: entryFor({ ...own, path: theirs.path }) }, "work");
    const report = await repair(home);
    expect(kindsOf(report)).toEqual([]);
    expect(actionsOf(report)).toEqual([]);
  });

  test.each(["2026.2.9", "2026.4.15", "2026.6.11"])(
    "where its path counts from the sessions folder, beside a gateway of %s",
    async (version) => {
      home.remove();
      begin(version);
      const sessionId = "0c1d6e6f-0f6e-4f9e-9a0b-3b1f2f6f8a11";
      const name = `${sessionId}-topic-5.jsonl`;
      addTalk(home, { sessionId, name });
      const entries = { [KEY]: entryFor({ sessionId, path: name }), "agent:main:main": entryFor(addTalk(home)) };
      writeRegistry(home, entries);
      const report = await repair(home);
      expect(kindsOf(report)).toEqual([]);
      expect(readRegistryOf(home)).toEqual(entries);
      await expectSettled(home);
    },
  );
});

describe("a file that an entry names, and that the gateway passes over, is not forgotten", () => {
  test.each([
    ["anywhere else", () => join(home.root, "kept.jsonl"), () => join(home.root, "kept.jsonl")],
    ["along a way out of the folder", () => "../../../kept.jsonl", () => join(home.openclaw, "kept.jsonl")],
    ["with another agent, by a way out of the folder", () => "../../work/sessions/kept.jsonl", () => inWork()],
  ])("%s", async (_, named, at) => {
    mkdirSync(sessionsFolder(home, "work"), { recursive: true });
    addTalk(home);
    writeFileSync(at(), "{}\n");
    const entry = { ...entryFor({ sessionId: "kept-one", path: named(), lastAt: old }), lastTo: "x" };
    writeRegistry(home, { [KEY]: entry });
    const report = await repair(home);
    const finding = findingsOf(report).find(({ kind }) => kind === "corrupt-entry");
    expect(kindsOf(report)).not.toContain("warning missing-transcript");
    expect(finding).toMatchObject({ resolved: false, sessionKey: KEY, message: expect.stringContaining(at()) });
    expect(finding?.evidence).toMatchObject({ field: "sessionFile" });
    expect(finding?.evidence).not.toHaveProperty("repair");
    expect(sparedIn(report)).toMatchObject([
      { because: "unsafe", path: registryPath(home), message: expect.stringContaining(at()) },
    ]);
    expect(readRegistryOf(home)[KEY]).toEqual(entry);
    expect(report.status).toBe(1);
    // once it is gone, nothing leads anywhere
    rmSync(at());
    await repair(home);
    expect(readRegistryOf(home)[KEY]).not.toHaveProperty("sessionFile");
    expect(readRegistryOf(home)[KEY]?.lastTo).toBe("x");
  });

  const inWork = () => join(sessionsFolder(home, "work"), "kept.jsonl");

  test("while what else is wrong with the entry is put right", async () => {
    const outside = join(home.root, "kept.jsonl");
    writeFileSync(outside, "{}\n");
    const entry = entryFor({ sessionId: "kept-one", path: outside, lastAt: old });
    writeRegistry(home, { [KEY]: { ...entry, totalTokens: "many" } });
    const report = await repair(home);
    expect(findingsOf(report).map(({ evidence, resolved }) => [evidence.field, resolved])).toEqual([
      ["sessionFile", false],
      ["totalTokens", true],
    ]);
    expect(readRegistryOf(home)[KEY]).toEqual(entry);
    const before = textOf(home);
    expect(actionsOf(await repair(home))).toEqual([]);
    expect(textOf(home)).toBe(before);
  });

  test("also where the session's own transcript is in its place", async () => {
    const outside = join(home.root, "kept.jsonl");
    writeFileSync(outside, "{}\n");
    const entry = entryFor({ ...addTalk(home), path: outside });
    writeRegistry(home, { [KEY]: entry });
    const report = await repair(home);
    expect(actionsOf(report)).toEqual([]);
    expect(readRegistryOf(home)[KEY]).toEqual(entry);
  });
});

test("where the oldest releases count a path from cannot be told, so nothing is missing there", async () => {
  home.remove();
  begin("2026.2.9");
  addTalk(home, { idleMs: 9 * DAY }); // the folder is no empty one
  const entry = entryFor({ sessionId: "kept-one", path: "notes/kept.jsonl", lastAt: old });
  writeRegistry(home, { [KEY]: entry });
  const report = await repair(home);
  expect(kindsOf(report)).not.toContain("warning missing-transcript");
  expect(readRegistryOf(home)[KEY]).toEqual(entry);
});

test("a path to another agent's folder with nothing there leads nowhere", async () => {
  addTalk(home);
  const path = join(sessionsFolder(home), "gone.jsonl");
  addTalk(home, { agent: "work", idleMs: 9 * DAY });
  writeRegistry(home, { [WORK]: entryFor({ sessionId: "gone", path, lastAt: old }) }, "work");
  await repair(home);
  expect(readRegistryOf(home, "work")[WORK]).not.toHaveProperty("sessionFile");
});

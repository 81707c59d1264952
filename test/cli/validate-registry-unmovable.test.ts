import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Home, makeHome, readRegistryOf, sessionsFolder, writeRegistry } from "../support/home.ts";
import { addBeside, bindTheGroup, entryAfterMove, GROUP, groupSession, movedTo } from "../support/strays.ts";
import { filesOf } from "../support/undo.ts";
import { actionsOf, addTalk, entryFor, registryPath, repair, type Validated } from "../support/validate.ts";

let home: Home;
beforeEach(() => {
  home = makeHome({ version: "2026.4.15" });
  bindTheGroup(home);
});
afterEach(() => home.remove());

const [FROM, TO] = [`agent:main:${GROUP}`, `agent:work:${GROUP}`];
const RETIRED = ["archive-transcript done", "edit-registry done", "remove-transcript done"];

function resolve(): Promise<Validated> {
  return repair(home, "--resolve-strays");
}

describe("a session that cannot go to the agent which gets its messages", () => {
  test("goes into the archive, if the other agent has a session for it, and the sentence says so", async () => {
    const stray = groupSession(home, "main");
    writeRegistry(home, { [FROM]: stray.entry });
    const own = groupSession(home, "work");
    writeRegistry(home, { [TO.toUpperCase().replace("AGENT:WORK", "agent:work")]: own.entry }, "work");
    const before = readFileSync(registryPath(home, "work"));
    const report = await resolve();
    expect(actionsOf(report).map(({ kind, result }) => `${kind} ${result}`)).toEqual(RETIRED);
    expect(actionsOf(report)[1]?.message).toContain("agent work has a session of its own for them");
    expect(report.status).toBe(0);
    expect(readFileSync(registryPath(home, "work")).equals(before)).toBe(true);
  });

  test("is the older one of two for the same conversation: it goes into the archive, and the newer one to its agent", async () => {
    bindTheGroup(home);
    const [older, newer] = [groupSession(home, "main"), groupSession(home, "side")];
    older.entry.updatedAt = Number(newer.entry.updatedAt) - 1000;
    writeRegistry(home, { [FROM]: older.entry });
    writeRegistry(home, { [`agent:side:${GROUP}`]: newer.entry }, "side");
    const report = await resolve();
    expect(report.status).toBe(0);
    expect(readRegistryOf(home, "work")[TO]?.sessionId).toBe(newer.sessionId);
    expect([readRegistryOf(home), readRegistryOf(home, "side")]).toEqual([{}, {}]);
    const [archived] = actionsOf(report).filter(({ message }) => message.includes("a newer session"));
    expect(archived?.sessionId).toBe(older.sessionId);
  });

  const stays: [string, string, (stray: ReturnType<typeof groupSession>) => void][] = [
    [
      "the other agent's registry is broken",
      "is broken",
      () => {
        writeRegistry(home, {}, "work");
        writeFileSync(registryPath(home, "work"), '{"agent:work:main": {');
      },
    ],
    [
      "the other agent's registry was lost",
      "lost",
      () => {
        addTalk(home, { agent: "work" });
      },
    ],
    [
      "another file has its name there",
      "another session's file of its name",
      ({ path }) => {
        writeRegistry(home, {}, "work");
        writeFileSync(movedTo(home, "work", path), '{"type":"session","id":"other"}\n');
      },
    ],
    [
      "something else stands there",
      "is no folder",
      () => {
        mkdirSync(join(sessionsFolder(home, "work"), ".."), { recursive: true });
        writeFileSync(sessionsFolder(home, "work"), "");
      },
    ],
    [
      "its entry names a file in no sessions folder",
      "cannot be taken along (its entry names a file outside the sessions folders)",
      ({ entry, path }) => {
        const outside = join(home.root, "kept.jsonl");
        renameSync(path, outside);
        writeRegistry(home, { [FROM]: { ...entry, sessionFile: outside } });
      },
    ],
    [
      "its entry names such a file, and the other agent has a session for it",
      "cannot be taken along (its entry names a file outside the sessions folders)",
      ({ entry }) => {
        const outside = join(home.root, "kept.jsonl");
        writeFileSync(outside, "{}\n");
        writeRegistry(home, { [FROM]: { ...entry, sessionFile: outside } });
        writeRegistry(home, { [TO]: groupSession(home, "work").entry }, "work");
      },
    ],
  ];
  test.each(stays)("stays, where %s", async (_, words, prepare) => {
    const stray = groupSession(home, "main");
    writeRegistry(home, { [FROM]: stray.entry });
    prepare(stray);
    const before = filesOf(home);
    const report = await resolve();
    expect(report.status).toBe(1);
    const told = [...actionsOf(report), ...(report.installations[0]?.spared ?? [])].map(({ message }) => message);
    expect(told.join("\n")).toContain(words);
    // what is broken is restored all the same
    const isRegistry = (name: string) => /agents\/work\/sessions\/sessions\.json/.test(name);
    const others = (files: object) => Object.fromEntries(Object.entries(files).filter(([name]) => !isRegistry(name)));
    expect(others(filesOf(home))).toEqual(others(before));
  });

  test("stays, where a file of another session lies under its name that only begins like it", async () => {
    const tail = Array.from({ length: 60 }, (_, index) => ({ type: "custom", id: `c${index}`, data: "x".repeat(100) }));
    const stray = groupSession(home, "main", {}, tail);
    expect(stray.original.length).toBeGreaterThan(6000);
    writeRegistry(home, { [FROM]: stray.entry });
    writeRegistry(home, {}, "work");
    const other = Buffer.concat([stray.original.subarray(0, 5000), Buffer.from("another end\n")]);
    writeFileSync(movedTo(home, "work", stray.path), other);
    const before = filesOf(home);
    const report = await resolve();
    expect(actionsOf(report).map(({ result }) => result)).toEqual(["done", "failed", "failed"]);
    expect(actionsOf(report)[1]?.hint).toContain("the session stays where it was");
    expect(filesOf(home)).toEqual(before);
  });

  test("stays, where a copy that its entry names is another session's too", async () => {
    const stray = groupSession(home, "main");
    addBeside(stray);
    const { compactionCheckpoints } = stray.entry;
    writeRegistry(home, {
      [FROM]: stray.entry,
      "agent:main:main": { ...entryFor(addTalk(home)), compactionCheckpoints },
    });
    const before = filesOf(home);
    const report = await resolve();
    expect(report.installations[0]?.spared).toMatchObject([{ because: "unmovable" }]);
    expect(report.status).toBe(1);
    expect(filesOf(home)).toEqual(before);
  });

  test("is mended first, and moved by the next run", async () => {
    const stray = groupSession(home, "main");
    writeRegistry(home, { [FROM]: { ...stray.entry, totalTokens: "x" } });
    expect((await resolve()).installations[0]?.spared).toMatchObject([{ because: "unmovable" }]);
    expect(readRegistryOf(home)).toEqual({ [FROM]: stray.entry });
    expect((await resolve()).status).toBe(0);
    expect(readRegistryOf(home, "work")).toEqual({ [TO]: entryAfterMove(home, "work", stray) });
  });
});

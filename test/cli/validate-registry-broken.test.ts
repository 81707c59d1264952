import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { age, type Home, makeHome, readRegistryOf, sessionsFolder } from "../support/home.ts";
import { keeperJson } from "../support/keeper.ts";
import {
  A_SESSION_EACH,
  actionsOf,
  addTalk,
  backupsOf,
  bothHomes,
  configureGateway,
  DAY,
  entryFor,
  findingsOf,
  kindsOf,
  MINUTE,
  mtimeOf,
  registryPath,
  repair,
  validate,
} from "../support/validate.ts";

let home: Home;
beforeEach(() => {
  home = makeHome({ version: "2026.4.15" });
  configureGateway(home, A_SESSION_EACH);
});
afterEach(() => home.remove());

const MAIN = "agent:main:main";
const DIRECT = "agent:main:telegram:direct:700";
const LATE = "agent:main:telegram:group:-1";

/** A registry of three sessions, as text and as entries; their transcripts are there. */
function three(): { text: string; entries: Record<string, Record<string, unknown>> } {
  const entries = Object.fromEntries(
    [MAIN, DIRECT, LATE].map((key) => [key, entryFor(addTalk(home), { thinkingLevel: "high", kept: { a: [null] } })]),
  );
  return { text: JSON.stringify(entries, null, 2).replace('"high"', "12345678901234567890"), entries };
}

function breakIt(bytes: string | Buffer): Buffer {
  writeFileSync(registryPath(home), bytes, { mode: 0o600 });
  return readFileSync(registryPath(home));
}

/** A file beside the registry, of some time ago. */
function beside(name: string, text: string, ageMs = 5 * MINUTE): void {
  writeFileSync(join(sessionsFolder(home), name), text);
  age(join(sessionsFolder(home), name), ageMs);
}

/** Looks, repairs, and makes sure of what holds for every broken registry; leaves it repaired. */
async function restore(bytes: string | Buffer, problem: string) {
  const broken = breakIt(bytes);
  const before = bothHomes(home);
  const found = await validate(home);
  expect(bothHomes(home)).toEqual(before);
  expect(kindsOf(found)[0]).toBe("error broken-registry");
  expect(findingsOf(found)[0]).toMatchObject({ path: registryPath(home), evidence: { problem, repair: "restore" } });
  expect(found.status).toBe(1);
  const at = mtimeOf(registryPath(home));
  const names = readdirSync(sessionsFolder(home));

  const report = await repair(home);

  expect(actionsOf(report)).toMatchObject([{ kind: "edit-registry", result: "done" }]);
  expect(report.status).toBe(0);
  const [backup = ""] = backupsOf(home).filter((name) => !names.includes(name));
  expect(readFileSync(join(sessionsFolder(home), backup)).equals(broken)).toBe(true);
  expect(readdirSync(sessionsFolder(home)).toSorted()).toEqual([...names, backup].toSorted());
  expect(mtimeOf(registryPath(home))).toBeGreaterThan(at);
  expect(statSync(registryPath(home)).mode & 0o777).toBe(0o600);
  return { report, broken, now: readRegistryOf(home), evidence: findingsOf(found)[0]?.evidence ?? {} };
}

async function expectSettledAndUndone(runId: string, broken: Buffer): Promise<void> {
  const [text, at] = [readFileSync(registryPath(home), "utf8"), mtimeOf(registryPath(home))];
  const again = await repair(home);
  expect(again.installations[0]).toMatchObject({ findings: [], actions: [] });
  expect([readFileSync(registryPath(home), "utf8"), mtimeOf(registryPath(home))]).toEqual([text, at]);
  const undone = await keeperJson(["restore", "undo", runId, ...home.args]);
  expect(undone.status).toBe(0);
  expect(readFileSync(registryPath(home)).equals(broken)).toBe(true);
  expect(mtimeOf(registryPath(home))).toBeGreaterThan(at);
}

const cut = (text: string) => text.slice(0, text.indexOf(LATE) + 80);

describe.each<[string, string, (text: string) => string | Buffer]>([
  ["of 0 bytes", "empty", () => ""],
  ["broken off", "truncated", cut],
  [
    "broken off and filled with NULs",
    "truncated",
    (text) => Buffer.concat([Buffer.from(cut(text)), Buffer.alloc(500)]),
  ],
  ["of nothing but NULs", "nul-padding", (text) => Buffer.alloc(text.length)],
  ["of another kind of text", "unparsable", () => "<html>\n"],
  ["that holds a list", "not-an-object", () => "[]"],
])("a registry %s", (_, problem, toBroken) => {
  test("is made of the newest copy beside it", async () => {
    const { text, entries } = three();
    beside("sessions.json.bak", JSON.stringify({ [MAIN]: { ...entries[MAIN], sessionId: "older" } }), DAY);
    beside("sessions.json.bak.1770640000000", "{", DAY);
    beside(`sessions.json.${randomUUID()}.tmp`, text);
    const { now, report, broken } = await restore(toBroken(text), problem);
    expect(now).toEqual(JSON.parse(text));
    expect(readFileSync(registryPath(home), "utf8")).toContain("12345678901234567890");
    await expectSettledAndUndone(report.runId, broken);
  });

  test("is made of its own text and of the transcripts, where there is no copy", async () => {
    const { text, entries } = three();
    const { now, report, broken } = await restore(toBroken(text), problem);
    const ids = Object.values(now).map(({ sessionId }) => sessionId);
    expect(ids.toSorted()).toEqual(
      Object.values(entries)
        .map(({ sessionId }) => sessionId)
        .toSorted(),
    );
    const whole = problem === "truncated" ? [MAIN, DIRECT] : [];
    for (const key of whole) expect(now[key]).toEqual(JSON.parse(text)[key]);
    expect(Object.values(now).filter(({ repaired }) => repaired).length).toBe(3 - whole.length);
    await expectSettledAndUndone(report.runId, broken);
  });

  test("is an empty one where nothing is left", async () => {
    const { report, now, broken } = await restore(
      problem === "truncated" ? '{"agent:main' : toBroken("x".repeat(99)),
      problem,
    );
    expect(now).toEqual({});
    await expectSettledAndUndone(report.runId, broken);
  });
});

test("what of a registry is lost is told, before and after", async () => {
  const entries = Object.fromEntries(
    [MAIN, DIRECT, LATE].map((key) => [key, entryFor({ sessionId: randomUUID() }, { systemSent: false })]),
  );
  const { evidence, report, now } = await restore(cut(JSON.stringify(entries, null, 2)), "truncated");
  expect(evidence).toMatchObject({ savedEntries: 2, lostParts: 1, wholeEntries: 2 });
  expect(actionsOf(report)[0]?.detail).toMatchObject({ change: "restore", entries: 2, lost: 1 });
  expect(Object.keys(now)).toEqual([MAIN, DIRECT]);
});

test.each<[string, string, (text: string) => string]>([
  ["with comments and a last comma", "json5", (text) => `// by hand\n${text.replace(/\n\}$/, ",\n}")}`],
  ["behind a byte order mark", "byte-order-mark", (text) => `\ufeff${text}`],
])("a registry %s is JSON again, with all that it held", async (_, problem, toBroken) => {
  const { text } = three();
  const { now, report, broken } = await restore(toBroken(text), problem);
  expect(now).toEqual(JSON.parse(text));
  expect(readFileSync(registryPath(home), "utf8")).toContain("12345678901234567890");
  await expectSettledAndUndone(report.runId, broken);
});

test("of a key or a field that is there twice, what all readers take is kept", async () => {
  const { text, entries } = three();
  const twice = text
    .replace(/\n\}$/, `,\n  ${JSON.stringify(MAIN)}: ${JSON.stringify({ ...entries[MAIN], note: "last" })}\n}`)
    .replace('"systemSent": true', '"systemSent": false, "systemSent": true');
  const { now, report, broken } = await restore(twice, "duplicate-keys");
  expect(now).toEqual(JSON.parse(twice));
  await expectSettledAndUndone(report.runId, broken);
});

test("a broken registry is not touched beside a gateway's lock, and no other is either", async () => {
  three();
  const broken = breakIt("{");
  const payload = { pid: process.pid, createdAt: new Date().toISOString(), startedAt: Date.now() };
  writeFileSync(`${registryPath(home)}.lock`, JSON.stringify(payload));
  const report = await repair(home);
  expect(actionsOf(report)).toMatchObject([{ result: "busy" }]);
  expect(report.status).toBe(1);
  expect(readFileSync(registryPath(home)).equals(broken)).toBe(true);
  expect(backupsOf(home)).toEqual([]);
});

test("the broken registry of one agent leaves the others alone", async () => {
  const other = addTalk(home, { agent: "other" });
  writeFileSync(registryPath(home, "other"), JSON.stringify({ "agent:other:main": entryFor(other) }));
  const { text } = three();
  const before = readFileSync(registryPath(home, "other"), "utf8");
  await restore(cut(text), "truncated");
  expect(readFileSync(registryPath(home, "other"), "utf8")).toBe(before);
  expect(backupsOf(home, "other")).toEqual([]);
});

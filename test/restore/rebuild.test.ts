import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type CatalogRecord, catalogPathOf } from "../../src/archive/catalog.ts";
import { sidecarsName } from "../../src/archive/names.ts";
import { packTar } from "../../src/archive/tar.ts";
import type { Dialect } from "../../src/dialects/dialect.ts";
import { OPENING } from "../../src/digest/kept.ts";
import { openDisk } from "../../src/disk/disk.ts";
import { type Fingerprint, lookAt } from "../../src/disk/fingerprint.ts";
import type { Installation } from "../../src/installation/installation.ts";
import { rebuildCatalog } from "../../src/restore/rebuild.ts";
import { type ArchiveOptions, addArchive, afterCut, asFile, prune } from "../support/archives.ts";

const ID = "4f1d6a7c-9b02-4c4e-8a51-2d7e90c3b816";
const OTHER = "5a1d6a7c-9b02-4c4e-8a51-2d7e90c3b817";
const { signal } = new AbortController();

let home: string;
let folder: string;
beforeEach(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), "keeper-rebuild-")));
  folder = join(home, "session-archives");
  mkdirSync(join(home, "projects", "-w"), { recursive: true });
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

/** One home for both programs, and no registry. */
function installation(): Installation {
  const parts = { name: "jarvis", claude: { home, projects: join(home, "projects") }, openclaw: { home } };
  return { ...parts, registries: [], transcripts: [] } as unknown as Installation;
}

const sourceOf = (dialect: Dialect["name"], sessionId = ID) =>
  dialect === "claude-code"
    ? join(home, "projects", "-w", `${sessionId}.jsonl`)
    : join(home, "agents", "main", "sessions", `${sessionId}.jsonl`);

function archive(dialect: Dialect["name"], content: string, options: Partial<ArchiveOptions> = {}): CatalogRecord {
  const { sessionId = ID } = options;
  const group = dialect === "claude-code" ? "-w" : "main";
  return addArchive(folder, content, { dialect, group, source: sourceOf(dialect), ...options, sessionId });
}

function put(name: string, bytes: Buffer | string): void {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), bytes);
}

const time = (minute: number) => new Date(Date.UTC(2026, 1, 1, 9, minute)).toISOString();

function rows(dialect: Dialect["name"], from: number, to: number, sessionId = ID): string[] {
  return Array.from({ length: to - from + 1 }, (_, index) => {
    const [number, timestamp] = [from + index, time(from + index)];
    const row =
      dialect === "claude-code"
        ? { type: "user", uuid: `u${number}`, parentUuid: `u${number - 1}`, sessionId, timestamp }
        : { type: "message", id: `m${number}`, parentId: `m${number - 1}`, timestamp, message: { role: "user" } };
    return JSON.stringify(row);
  });
}

const header = (id = ID) => JSON.stringify({ type: "session", version: 3, id, timestamp: time(0) });
const firstRows = (dialect: Dialect["name"]) => (dialect === "openclaw" ? [header()] : rows(dialect, 0, 0));
const rebuild = (isAlone = true) => rebuildCatalog(folder, installation(), isAlone, signal);
const lose = () => rmSync(catalogPathOf(folder));

describe.each(["claude-code", "openclaw"] as const)("a catalog of archives of %s that is lost", (dialect) => {
  test("is made anew as it was, as far as the archives tell", async () => {
    const [first = ""] = firstRows(dialect);
    const one = archive(dialect, asFile([first, ...rows(dialect, 1, 5)]), { purpose: "cut" });
    const cutOnce = afterCut(dialect, one, { first, carried: rows(dialect, 4, 5), own: rows(dialect, 6, 9) });
    const two = archive(dialect, asFile([...cutOnce, "broken"]), { segment: 2, reason: "repair", purpose: "repair" });
    const three = archive(dialect, asFile(cutOnce), { segment: 3, purpose: "digest" });
    const digest = JSON.stringify({ type: "user", message: { role: "user", content: `${OPENING}\n\nmore` } });
    const live = afterCut(dialect, three, { first, carried: [digest], own: rows(dialect, 10, 11) });
    mkdirSync(dirname(sourceOf(dialect)), { recursive: true });
    writeFileSync(sourceOf(dialect), asFile(live));
    lose();
    const rebuilt = await rebuild();
    const facts = { runId: "rebuilt", installation: "jarvis", rootSession: ID };
    expect(rebuilt).toEqual({
      unreadableLines: 0,
      notAdopted: [],
      records: [
        { ...one, ...facts, firstAt: time(0), lastAt: time(5), next: two.archive },
        {
          ...{ ...two, ...facts, command: "detect-corruption" },
          ...{ firstAt: dialect === "openclaw" ? time(0) : time(4), lastAt: time(9) },
          ...{ previous: one.archive, next: three.archive },
        },
        {
          ...{ ...three, ...facts, previous: two.archive },
          ...{ firstAt: dialect === "openclaw" ? time(0) : time(4), lastAt: time(9) },
        },
      ],
    });
  });

  test("gives what is left its numbers back when the archives before are gone", async () => {
    const [first = ""] = firstRows(dialect);
    const gone = archive(dialect, asFile([first, ...rows(dialect, 1, 5)]), { segment: 6, rootSession: OTHER });
    const content = afterCut(dialect, gone, { first, carried: [], own: rows(dialect, 6, 9) });
    archive(dialect, asFile(content).replaceAll(`"rootSession":"${ID}"`, `"rootSession":"${OTHER}"`), { segment: 7 });
    lose();
    rmSync(join(folder, gone.archive));
    expect((await rebuild())?.records).toMatchObject([{ segment: 7, previous: gone.archive, rootSession: OTHER }]);
  });

  test("takes nothing for an archive that is of another session, or of none", async () => {
    const name = (minute: string, reason = "size", sessionId = ID) =>
      join(dialect, "x", `${sessionId}.20260201T10${minute}00Z.${reason}.jsonl.gz`);
    const others = dialect === "openclaw" ? [header(OTHER), ...rows(dialect, 1, 3)] : rows(dialect, 1, 3, OTHER);
    const ofOther = dialect === "openclaw" ? "claude-code" : "openclaw";
    const sound = gzipSync(asFile([...firstRows(dialect), ...rows(dialect, 1, 3)]));
    const marked = Buffer.from(sound);
    marked[4] = 1; // a time, as gzip itself writes it
    put(name("01"), gzipSync(asFile(others)));
    put(name("02"), gzipSync(asFile(rows(ofOther, 1, 3))));
    put(name("03"), gzipSync("not a row\n"));
    put(name("04"), marked);
    put(name("05"), "");
    put(name("06"), sound.subarray(0, -9));
    put(name("07"), Buffer.concat([sound, Buffer.from("more")]));
    put(name("12"), Buffer.concat([sound, Buffer.alloc(4)]));
    put(name("08", "leftover"), gzipSync("not a row\n"));
    put(name("09"), sound);
    put(join(dialect, "x", "notes.jsonl.gz"), sound);
    put(join(dialect, "x", `${ID}.20260201T101100Z.size.sidecars.tar.gz`), sound);
    put("outside", sound);
    symlinkSync(join(folder, "outside"), join(folder, name("10")));
    mkdirSync(join(folder, name("11")));
    const rebuilt = await rebuild();
    expect(rebuilt?.records.map(({ archive }) => archive)).toEqual([name("08", "leftover"), name("09")]);
    expect(rebuilt?.records[0]).toMatchObject({ command: "archive", bytes: 10, lines: 1 });
    expect(rebuilt?.notAdopted.map(({ archive, refused }) => [archive, refused])).toEqual([
      ...["01", "02", "03", "04"].map((minute) => [name(minute), "foreign"]),
      ...["05", "06", "07", "12"].map((minute) => [name(minute), "broken"]),
    ]);
  });
});

describe("a catalog that has lost some", () => {
  const three = () =>
    [1, 2, 3].map((segment) =>
      archive("claude-code", asFile(rows("claude-code", segment, segment)), {
        segment,
        ...(segment > 1
          ? { previous: join("claude-code", "-w", `${ID}.20260201T1${segment - 1}0000Z.size.jsonl.gz`) }
          : {}),
      }),
    );

  test("gets these back, with the numbers that the others leave them", async () => {
    const [one, two, last] = three();
    writeFileSync(catalogPathOf(folder), `${JSON.stringify(one)}\n{"archive":"claude-c\n${JSON.stringify(last)}\n`);
    const rebuilt = await rebuild();
    expect(rebuilt).toMatchObject({ unreadableLines: 1, notAdopted: [] });
    expect(rebuilt?.records).toMatchObject([
      { archive: two?.archive, segment: 2, previous: one?.archive, next: last?.archive },
    ]);
    writeFileSync(catalogPathOf(folder), `${JSON.stringify({ ...last, segment: 9 })}\n`);
    expect((await rebuild())?.records.map(({ segment }) => segment)).toEqual([1, 8]);
  });

  test("is whole when nothing is missing, when its last line is torn, and when an archive was let go", async () => {
    const [one] = three();
    expect(await rebuild()).toBeUndefined();
    if (one) prune(folder, one);
    expect(await rebuild()).toBeUndefined();
    writeFileSync(catalogPathOf(folder), `${JSON.stringify({ kind: "of a newer release" })}\n{"arch`);
    expect((await rebuild())?.unreadableLines).toBe(0);
  });

  test("does not lose its place by an archive that breaks off", async () => {
    const [one] = three();
    truncateSync(join(folder, one?.archive ?? ""), 30);
    lose();
    const rebuilt = await rebuild();
    expect(rebuilt?.records).toHaveLength(2);
    expect(rebuilt?.notAdopted).toEqual([{ archive: one?.archive, refused: "broken" }]);
  });
});

test("what lay beside a session is no part of its line", async () => {
  archive("openclaw", asFile([header(), ...rows("openclaw", 1, 2)]));
  for (const segment of [2, 3]) archive("openclaw", "draft\n", { segment, reason: "leftover" });
  archive("openclaw", asFile([header(), ...rows("openclaw", 1, 3)]), { segment: 4 });
  lose();
  const records = (await rebuild())?.records ?? [];
  expect(records.map(({ reason, segment }) => [reason, segment])).toEqual([
    ...[["size", 1], ...[1, 1].map((segment) => ["leftover", segment])],
    ["size", 2],
  ]);
  expect(records[3]?.previous).toBe(records[0]?.archive);
  const leftovers = records.filter(({ reason }) => reason === "leftover");
  expect(new Set([sourceOf("openclaw"), ...leftovers.map(({ source }) => source)]).size).toBe(3);
  expect(leftovers.map(({ previous, next }) => previous ?? next)).toEqual([undefined, undefined]);
});

test("rows of a subagent, which name the session that it worked for, are found again; of sessions nothing changes", async () => {
  const content = asFile(rows("claude-code", 0, 2));
  for (const [segment, sessionId] of ["agent-12ab", `${ID}.20260101`, OTHER].entries())
    archive("claude-code", content, {
      sessionId,
      segment,
      reason: "sweep",
      source: sourceOf("claude-code", sessionId),
    });
  lose();
  const rebuilt = await rebuild();
  expect(rebuilt?.records.map(({ sessionId, source }) => [sessionId, basename(source)])).toEqual([
    ["agent-12ab", "agent-12ab.jsonl"],
    [`${ID}.20260101`, `${ID}.20260101.jsonl`],
  ]);
  expect(rebuilt?.notAdopted).toMatchObject([{ refused: "foreign" }]);
});

describe("what belonged to a session", () => {
  /** Packs a file as a run does, beside an archive. */
  const pack = async (of: CatalogRecord, attempt: number, content: string) => {
    const name = sidecarsName(of.archive, attempt);
    const path = join(home, `${attempt}.txt`);
    writeFileSync(path, content);
    const target = await openDisk().create(join(folder, name));
    const { fingerprint } = lookAt(path) as { fingerprint: Fingerprint };
    try {
      return { archive: name, ...(await packTar(target, home, [{ path, kind: "file", fingerprint }], signal)) };
    } finally {
      await target.close();
    }
  };

  test("is found again beside its archive, as it was entered", async () => {
    const one = archive("claude-code", asFile(rows("claude-code", 0, 2)));
    const earlier = await pack(one, 1, "first");
    const sidecars = { ...(await pack(one, 2, "the second")), earlier: [earlier] };
    lose();
    expect(sidecars).toMatchObject({ files: 1, bytes: 10 });
    expect((await rebuild())?.records[0]?.sidecars).toEqual(sidecars);
  });

  test("is told and left out when it cannot be read back", async () => {
    const one = archive("claude-code", asFile(rows("claude-code", 0, 2)));
    const { archive: name } = await pack(one, 1, "first");
    truncateSync(join(folder, name), 40);
    lose();
    const rebuilt = await rebuild();
    expect(rebuilt?.records).toHaveLength(1);
    expect(rebuilt?.records[0]).not.toHaveProperty("sidecars");
    expect(rebuilt?.notAdopted).toEqual([{ archive: name, refused: "broken" }]);
  });
});

test("in a folder that installations share, each takes those of the groups that it has", async () => {
  const shared = join(home, "..", basename(`${home}-archives`));
  try {
    for (const group of ["-w", "-elsewhere"])
      addArchive(shared, asFile(rows("claude-code", 1, 2)), { sessionId: ID, source: "", group });
    rmSync(catalogPathOf(shared));
    const groups = async (isAlone: boolean) =>
      (await rebuildCatalog(shared, installation(), isAlone, signal))?.records.map(({ group }) => group).sort();
    expect(await groups(false)).toEqual(["-w"]);
    expect(await groups(true)).toEqual(["-elsewhere", "-w"]);
  } finally {
    rmSync(shared, { recursive: true, force: true });
  }
});

test("an archive of a leftover that still lies there is entered as one of it, and not as one of its session", async () => {
  const content = rows("openclaw", 1, 3).join("\n");
  const sessions = dirname(sourceOf("openclaw"));
  mkdirSync(sessions, { recursive: true });
  const [other, own] = ["2026-02-01", "2026-02-02"].map((day) =>
    join(sessions, `${ID}.jsonl.bak.${day}T09-00-00.000Z`),
  );
  for (const path of [sourceOf("openclaw"), own]) writeFileSync(path ?? "", content);
  writeFileSync(other ?? "", content.replace("m1", "mx"));
  archive("openclaw", content, { reason: "leftover" });
  rmSync(catalogPathOf(folder));
  expect((await rebuildCatalog(folder, installation(), true, signal))?.records).toMatchObject([{ source: own }]);
});

test("a topic of OpenClaw, and a fork, bear the id of their first row in their name; a tail may have no first row", async () => {
  for (const [index, sessionId] of [`${ID}-topic-7`, `2026-02-01T10-00-00-000Z_${ID}`, ID].entries()) {
    const content = index === 2 ? rows("openclaw", 1, 2) : [header(), ...rows("openclaw", 1, 2)];
    archive("openclaw", asFile(content), { sessionId });
  }
  lose();
  expect((await rebuild())?.records).toHaveLength(3);
});

import { createHash } from "node:crypto";
import { basename } from "node:path";
import { describe, expect, test } from "vitest";
import { KeeperError } from "../../src/errors.ts";
import type { Archive } from "../../src/restore/archives.ts";
import { type Part, traceHistory } from "../../src/restore/chain.ts";
import { archiveOf } from "../support/records.ts";

type Heads = Map<Archive, { firstRow?: string; parent?: Archive | string; text?: string }>;

const nothing = async function* () {};

function partOf(archive: Archive, heads: Heads): Part {
  const { firstRow, parent, text } = heads.get(archive) ?? {};
  const parentFile = typeof parent === "object" ? basename(parent.path) : parent;
  const segment = parentFile === undefined ? undefined : { parentFile, headerAt: 0, carriedRows: 0 };
  const { sessionId, source } = archive.record;
  return {
    sessionId,
    source,
    archive,
    head: { firstRow, segment },
    pieces: text === undefined ? nothing : () => piecesOf(text),
  };
}

/** The numbers of the archives of a history, the live transcript as 0. `gone`: archives whose files are not there. */
async function trace(newest: Part | Archive, archives: Archive[], heads: Heads, gone: Archive[] = []) {
  const open = async (archive: Archive) => {
    if (gone.includes(archive)) throw new KeeperError("missing", "it is not there", "");
    return partOf(archive, heads);
  };
  const last = "record" in newest ? partOf(newest, heads) : newest;
  const { parts, missing } = await traceHistory(last, archives, open);
  return { parts: parts.map(({ archive }) => archive?.record.segment ?? 0), missing };
}

const [one, two, three] = [1, 2, 3].map((segment) => archiveOf({ segment })) as [Archive, Archive, Archive];
const live = (firstRow: string | undefined, parentFile?: string): Part => ({
  sessionId: one.record.sessionId,
  source: one.record.source,
  head: { firstRow, segment: parentFile === undefined ? undefined : { parentFile, headerAt: 0, carriedRows: 0 } },
  pieces: nothing,
});

describe("by header rows", () => {
  const heads: Heads = new Map([
    [one, { firstRow: "a" }],
    [two, { firstRow: "h1", parent: one }],
    [three, { firstRow: "h1", parent: one }],
  ]);

  test("a part's parent is the one that it names, although there is a later archive", async () => {
    expect(await trace(live("h2", basename(two.path)), [one, two, three], heads)).toEqual({
      parts: [1, 2, 0],
      missing: undefined,
    });
  });

  test("of archives of one name, the one of the same transcript is meant", async () => {
    const stranger = archiveOf({ segment: 1, source: "/elsewhere", group: "x" });
    expect((await trace(three, [stranger, one, two, three], heads)).parts).toEqual([1, 3]);
    expect((await trace(three, [stranger, two, three], heads)).parts).toEqual([1, 3]);
  });

  test("a parent that no catalog knows, or whose file is gone, is named", async () => {
    expect(await trace(three, [three], heads)).toEqual({ parts: [3], missing: basename(one.path) });
    expect(await trace(three, [one, three], heads, [one])).toEqual({ parts: [3], missing: basename(one.path) });
  });

  test("a circle is an error", async () => {
    const circle: Heads = new Map([
      [one, { parent: two }],
      [two, { parent: one }],
    ]);
    await expect(trace(two, [one, two], circle)).rejects.toThrow("circle");
  });
});

function contentOf(text: string) {
  return { bytes: Buffer.byteLength(text), sha256: createHash("sha256").update(text).digest("hex") };
}

async function* piecesOf(text: string): AsyncGenerator<Buffer> {
  for (const byte of Buffer.from(text)) yield Buffer.of(byte);
}

describe("where a part has no header row", () => {
  test("its parent is what was archived before", async () => {
    const heads: Heads = new Map([
      [one, { firstRow: "a" }],
      [two, { firstRow: "b" }],
    ]);
    expect((await trace(live(undefined), [one, two], heads)).parts).toEqual([1, 2, 0]);
    expect((await trace(live("c"), [one, two], heads)).parts).toEqual([1, 2, 0]);
  });

  test("earlier copies of the same rows, repairs, other sessions and later archives are passed over", async () => {
    const repair = archiveOf({ segment: 2, reason: "corrupt", purpose: "repair" });
    const other = archiveOf({ segment: 3, sessionId: "other" });
    const moved = archiveOf({ segment: 4, source: "/elsewhere" });
    const begun = Buffer.from("b\n1\n");
    const sha256 = createHash("sha256").update(begun).digest("hex");
    const copy = archiveOf({ segment: 5, bytes: begun.length, sha256 });
    const newest = archiveOf({ segment: 6 });
    const later = archiveOf({ segment: 7 });
    const heads: Heads = new Map([
      [one, { firstRow: "a" }],
      [repair, { firstRow: "r" }],
      [other, { firstRow: "o" }],
      [moved, { firstRow: "m" }],
      [copy, { firstRow: "b" }],
      [newest, { firstRow: "b", text: `${begun}2\n` }],
      [later, { firstRow: "l" }],
    ]);
    expect((await trace(newest, [one, repair, other, moved, copy, newest, later], heads)).parts).toEqual([1, 6]);
  });

  test("nor is one its parent that holds all of it and more: it was cut out of the same rows later", async () => {
    const [whole, part] = ["a\n1\n2\n", "a\n1\n"];
    const shorter = archiveOf({ segment: 2, ...contentOf(part) });
    for (const purpose of ["copy", "digest"] as const) {
      const longer = archiveOf({ segment: 1, purpose, ...contentOf(whole) });
      const heads: Heads = new Map([
        [longer, { firstRow: "a", text: whole }],
        [shorter, { firstRow: "a", text: part }],
      ]);
      expect((await trace(shorter, [longer, shorter], heads)).parts).toEqual([2]);
      const begun = { ...live("a"), pieces: () => piecesOf(part) };
      expect((await trace(begun, [longer], heads)).parts).toEqual([0]);
      expect((await trace({ ...begun, pieces: () => piecesOf(`${part}3\n`) }, [longer], heads)).parts).toEqual(
        purpose === "copy" ? [0] : [1, 0],
      );
    }
  });

  test("a copy took no rows out of the file, but where the file began anew, it is all there is of the old one", async () => {
    const copy = archiveOf({ segment: 2, purpose: "copy", ...contentOf("b\n") });
    const heads: Heads = new Map([
      [one, { firstRow: "a", text: "a\n" }],
      [copy, { firstRow: "b", text: "b\n" }],
    ]);
    const goesOn = { ...live("b"), pieces: () => piecesOf("b mended\n") };
    expect((await trace(goesOn, [one, copy], heads)).parts).toEqual([1, 0]);
    expect((await trace(live("c"), [one, copy], heads)).parts).toEqual([1, 2, 0]);
  });

  test("one that only begins with the same row is no copy", async () => {
    const heads: Heads = new Map([
      [one, { firstRow: "a", text: "a\n1\n" }],
      [two, { firstRow: "a", text: "a\n2\n3\n" }],
    ]);
    expect((await trace(two, [one, two], heads)).parts).toEqual([1, 2]);
  });

  test("one that cannot be looked at, because its file is gone, is named", async () => {
    const heads: Heads = new Map([[two, { firstRow: "b" }]]);
    expect(await trace(two, [one, two], heads, [one])).toEqual({ parts: [2], missing: basename(one.path) });
  });

  test("with nothing before, it is the root", async () => {
    expect(await trace(live("a"), [], new Map())).toEqual({ parts: [0], missing: undefined });
  });
});

test("an archive that cannot be unpacked stops it", async () => {
  const open = async () => Promise.reject(new KeeperError("failed", "damaged", ""));
  await expect(traceHistory(live("b"), [one], open)).rejects.toThrow("damaged");
});

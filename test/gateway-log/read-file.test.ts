import {
  appendFileSync,
  copyFileSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { LogPosition } from "../../src/gateway-log/position.ts";
import { readLogFile } from "../../src/gateway-log/read-file.ts";

let folder: string;
let path: string;
let now: number;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "keeper-read-file-"));
});
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => {
  path = join(mkdtempSync(join(folder, "x-")), "gw.log");
  now = Date.now();
  writeFileSync(path, "");
});

const MINUTE = 60_000;
const dated = (text: string, ageMs = 0) => `${new Date(now - ageMs).toISOString()} ${text}\n`;
const write = (text: string) => appendFileSync(path, text);

async function look(position?: LogPosition, options: { since?: number; isRestElsewhere?: boolean } = {}) {
  const lines: { text: string; path: string; lineStart: number; at: number }[] = [];
  const onLine = (line: string, where: { path: string; lineStart: number; at: number }) =>
    lines.push({ text: line.replace(/^\S+Z /, ""), ...where });
  const read = await readLogFile(path, position, {
    since: now - 5 * MINUTE,
    now,
    needles: ["bad"],
    onLine,
    ...options,
  });
  return { ...read, lines, texts: lines.map(({ text }) => text) };
}

test("a first look delivers what is dated within the window, and says where each line stands and from when it is", async () => {
  write(dated("bad old", 6 * MINUTE) + dated("good", MINUTE) + dated("bad new", MINUTE));
  const read = await look();
  expect(read.lines).toEqual([{ text: "bad new", path, lineStart: 63, at: now - MINUTE }]);
  expect(read.position).toMatchObject({ offset: statSync(path).size, seenAt: now, lastAt: now - MINUTE });
});

test("an undated line belongs to the dated line before it, and to no time without one", async () => {
  write(`bad undated\n${dated("old", 6 * MINUTE)}bad of old\n${dated("new", MINUTE)}    bad of new\n`);
  expect((await look()).lines).toMatchObject([{ text: "    bad of new", at: now - MINUTE }]);
});

test("from a position an undated line belongs to the time of that look", async () => {
  write(dated("good"));
  const first = await look();
  write("bad undated\n");
  now += MINUTE;
  expect((await look(first.position)).lines).toMatchObject([{ text: "bad undated", at: now - MINUTE }]);
});

test("from a position everything new is delivered, however old its dates are, and only new bytes are read", async () => {
  write(dated("bad 1", MINUTE).repeat(10_000));
  const first = await look();
  expect(first.texts).toHaveLength(10_000);
  write(dated("bad late", 60 * MINUTE));
  const second = await look(first.position);
  expect(second.texts).toEqual(["bad late"]);
  expect(second.bytesRead).toBeLessThan(3 * 4096);
  const third = await look(second.position);
  expect(third).toMatchObject({ texts: [], bytesRead: 0, older: [] });
  expect(third.position).toBe(second.position);
});

test("a line without its newline waits until it is whole, and is delivered once", async () => {
  write(`${dated("good")}${dated("bad torn").slice(0, 30)}`);
  const first = await look();
  expect(first.texts).toEqual([]);
  const second = await look(first.position);
  expect(second.position).toBe(first.position);
  write(`${dated("bad torn").slice(30)}`);
  const third = await look(second.position);
  expect(third.texts).toEqual(["bad torn"]);
  expect((await look(third.position)).texts).toEqual([]);
});

/** Ways in which a log makes room, and the name that the old content has then. */
const ways = {
  renamed: () => {
    renameSync(path, `${path}.1`);
    writeFileSync(path, "");
  },
  "renamed with a date": () => {
    renameSync(path, path.replace(".log", "-20261120.log"));
    writeFileSync(path, "");
  },
  "copied and truncated": () => {
    copyFileSync(path, `${path}.1`);
    truncateSync(path);
  },
  compressed: () => {
    writeFileSync(`${path}.1.gz`, gzipSync(readFileSync(path)));
    rmSync(path);
    writeFileSync(path, "");
  },
  "copied, compressed and truncated": () => {
    writeFileSync(`${path}-20261120.gz`, gzipSync(readFileSync(path)));
    truncateSync(path);
  },
};

test.for(Object.entries(ways))(
  "after a log was %s, the rest of the old one and all of the new one are delivered",
  async ([, rotate]) => {
    write(dated("bad 1"));
    const first = await look();
    write(dated("bad 2"));
    rotate();
    write(dated("bad 3"));
    const second = await look(first.position);
    expect(second.texts).toEqual(["bad 2", "bad 3"]);
    const third = await look(second.position);
    expect(third.texts).toEqual([]);
  },
);

test("a new log that has grown beyond the old one is still seen to be another", async () => {
  write(dated("bad 1"));
  const first = await look();
  ways["copied and truncated"]();
  write(dated("bad 2") + dated("bad 3"));
  expect((await look(first.position)).texts).toEqual(["bad 2", "bad 3"]);
});

test("a log that was replaced by a copy of itself goes on where it was", async () => {
  write(dated("bad 1"));
  const first = await look();
  write(dated("bad 2"));
  copyFileSync(path, `${path}.new`);
  renameSync(`${path}.new`, path);
  const second = await look(first.position);
  expect(second.texts).toEqual(["bad 2"]);
  write(dated("bad 3"));
  expect((await look(second.position)).texts).toEqual(["bad 3"]);
});

test("a log that was truncated without a copy is read from its start", async () => {
  write(dated("bad 1") + dated("good"));
  const first = await look();
  writeFileSync(path, dated("bad 2"));
  expect((await look(first.position)).texts).toEqual(["bad 2"]);
});

test("several rotations between two looks lose nothing, and old parts from before stay unread", async () => {
  writeFileSync(`${path}.9`, dated("bad ancient", MINUTE));
  utimesSync(`${path}.9`, now / 1000 - 60, now / 1000 - 60);
  write(dated("bad 1"));
  const first = await look(undefined, { since: now });
  write(dated("bad 2"));
  renameSync(path, `${path}.3`);
  write(dated("bad 3"));
  renameSync(path, `${path}.2`);
  write(dated("bad 4"));
  writeFileSync(`${path}.1.gz`, gzipSync(readFileSync(path)));
  writeFileSync(path, dated("bad 5"));
  const second = await look(first.position);
  expect(second.texts.toSorted()).toEqual(["bad 2", "bad 3", "bad 4", "bad 5"]);
});

test("another log with a similar name is not taken for a part of this one", async () => {
  write(dated("bad 1"));
  const first = await look();
  writeFileSync(path.replace("gw.log", "gw.err.log"), dated("bad other"));
  writeFileSync(path.replace("gw.log", "gw-2.log"), dated("bad other"));
  ways.renamed();
  expect((await look(first.position)).texts).toEqual([]);
});

test("while the log is missing its renamed part is read, and its place is noted as vacant", async () => {
  write(dated("bad 1"));
  const first = await look();
  write(dated("bad 2"));
  renameSync(path, `${path}.1`);
  const second = await look(first.position);
  expect(second.texts).toEqual(["bad 2"]);
  expect(second.older).toMatchObject([{ path: `${path}.1`, position: { offset: 62 } }]);
  expect(second.position).toMatchObject({ state: "vacant" });
});

test("a log that is missing without a trace keeps its position, and goes on when it is back", async () => {
  write(dated("bad 1"));
  const first = await look();
  const elsewhere = join(folder, "elsewhere");
  renameSync(path, elsewhere);
  const second = await look(first.position);
  expect(second.position).toBe(first.position);
  renameSync(elsewhere, path);
  write(dated("bad 2"));
  expect((await look(second.position)).texts).toEqual(["bad 2"]);
});

test("a log that never was is no position", async () => {
  rmSync(path);
  expect(await look()).toMatchObject({ position: undefined, texts: [] });
});

test("a log that was rotated within the window is looked at in its older part too", async () => {
  write(dated("bad old", 9 * MINUTE) + dated("bad 1", 2 * MINUTE));
  ways.renamed();
  write(dated("bad 2"));
  const read = await look();
  expect(read.texts).toEqual(["bad 1", "bad 2"]);
  expect(read.older).toMatchObject([{ path: `${path}.1` }]);
});

test("with the rest elsewhere only the new file is read, from its start", async () => {
  write(dated("bad 1"));
  const first = await look();
  write(dated("bad 2"));
  renameSync(path, join(folder, "elsewhere"));
  write(dated("bad 3"));
  expect((await look(first.position, { isRestElsewhere: true })).texts).toEqual(["bad 3"]);
});

test("a log that cannot be opened is an error as it is", async () => {
  rmSync(path);
  symlinkSync(path, path);
  await expect(look()).rejects.toMatchObject({ code: "ELOOP" });
});

test("an aborted look ends with the reason", async () => {
  write(dated("bad").repeat(100));
  const signal = AbortSignal.abort(new Error("stop"));
  const options = { since: 0, now, needles: ["bad"], onLine: () => undefined, signal };
  await expect(readLogFile(path, undefined, options)).rejects.toThrow("stop");
});

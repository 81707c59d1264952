import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readTar, type StoredTar } from "../../src/archive/read-tar.ts";
import { packTar, type TarSource } from "../../src/archive/tar.ts";
import { openDisk } from "../../src/disk/disk.ts";
import { lookAt } from "../../src/disk/fingerprint.ts";

const never = new AbortController().signal;
const LONG = `${"l".repeat(120)}/${"ä".repeat(120)}`;
let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "keeper-tar-"));
});
afterEach(() => rmSync(root, { recursive: true }));

/** What lies at a path now, as it would be packed. */
function sourceAt(name: string, target?: string): TarSource {
  const path = join(root, name);
  const seen = lookAt(path);
  if (!seen || seen.kind === "other") throw new Error(`${path} cannot be packed`);
  return { path, ...seen, kind: seen.kind, ...(target === undefined ? {} : { target }) };
}

/** A tree with whatever a name may hold. */
function plant(): TarSource[] {
  mkdirSync(join(root, LONG), { recursive: true });
  mkdirSync(join(root, "empty"), { mode: 0o750 });
  writeFileSync(join(root, LONG, "new\nline =x"), "one");
  writeFileSync(join(root, "ünï cödé"), "");
  writeFileSync(join(root, "large"), Buffer.alloc(5_000_000, "0123456789abcdefg"), { mode: 0o640 });
  utimesSync(join(root, "large"), 1_700_000_000.123457, 1_700_000_000.123457);
  symlinkSync("./large", join(root, "link"));
  const names = [LONG.split("/")[0] ?? "", LONG, join(LONG, "new\nline =x"), "empty", "ünï cödé", "large"];
  return [...names.map((name) => sourceAt(name)), sourceAt("link", "./large")];
}

async function pack(sources: TarSource[]) {
  const path = join(root, "packed.tar.gz");
  const file = await openDisk().create(path);
  try {
    return { path, summary: await packTar(file, root, sources, never) };
  } finally {
    await file.close();
  }
}

async function unpack(path: string, stored: StoredTar): Promise<[string, string, string][]> {
  const file = await open(path);
  const entries: [string, string, string][] = [];
  try {
    for await (const { entry, content } of readTar(file, stored, never)) {
      const pieces: Buffer[] = [];
      for await (const piece of content) pieces.push(piece);
      entries.push([entry.name, `${entry.kind} ${entry.mode.toString(8)}`, Buffer.concat(pieces).toString()]);
    }
  } finally {
    await file.close();
  }
  return entries;
}

test("what is packed is what comes out, and tar unpacks the same", async () => {
  chmodSync(root, 0o700);
  const sources = plant();
  const { path, summary } = await pack(sources);
  expect(summary).toMatchObject({ files: 4, bytes: 5_000_003, gzipBytes: readFileSync(path).length });
  expect(lookAt(path)?.fingerprint.mode).toBe(0o600);
  const entries = await unpack(path, summary);
  expect(entries.map(([name]) => name)).toEqual(sources.map((source) => source.path.slice(root.length + 1)));
  expect(entries.find(([name]) => name === "large")?.slice(1)).toEqual([
    "file 640",
    readFileSync(join(root, "large"), "utf8"),
  ]);
  expect(execFileSync("tar", ["tzf", path], { encoding: "utf8" }).trim().split("\n")).toHaveLength(sources.length);
  const out = join(root, "out");
  mkdirSync(out);
  execFileSync("tar", ["xzf", path, "-C", out]);
  expect(readFileSync(join(out, LONG, "new\nline =x"), "utf8")).toBe("one");
  expect(readFileSync(join(out, "ünï cödé"), "utf8")).toBe("");
  expect(readFileSync(join(out, "link")).equals(readFileSync(join(root, "large")))).toBe(true);
  const [before, after] = [lookAt(join(root, "large")), lookAt(join(out, "large"))];
  expect(Math.abs((before?.fingerprint.mtimeMs ?? 0) - (after?.fingerprint.mtimeMs ?? 0))).toBeLessThan(0.01);
});

test("the same sources make the same bytes", async () => {
  const sources = plant();
  const { path, summary } = await pack(sources);
  rmSync(path);
  expect((await pack(sources)).summary).toEqual(summary);
});

test("a source that changed, went away, or became a link or a pipe is an error, and nothing waits for it", async () => {
  const changes: ((path: string) => void)[] = [
    (path) => appendFileSync(path, "more"),
    (path) => unlinkSync(path),
    (path) => {
      unlinkSync(path);
      symlinkSync("large", path);
    },
    (path) => {
      unlinkSync(path);
      execFileSync("mkfifo", [path]);
    },
  ];
  writeFileSync(join(root, "large"), "large");
  for (const change of changes) {
    writeFileSync(join(root, "file"), "small");
    const sources = [sourceAt("large"), sourceAt("file")];
    change(join(root, "file"));
    await expect(pack(sources)).rejects.toThrow();
    rmSync(join(root, "file"), { force: true });
    rmSync(join(root, "packed.tar.gz"));
  }
  mkdirSync(join(root, "folder"));
  const folder = sourceAt("folder");
  writeFileSync(join(root, "folder", "late"), "");
  await expect(pack([folder])).rejects.toThrow("was changed while it was archived");
});

test("a tar that is cut off, changed at any place, or another one is not trusted", async () => {
  writeFileSync(join(root, "file"), "content ".repeat(400));
  const { path, summary } = await pack([sourceAt("file")]);
  const whole = readFileSync(path);
  expect(await unpack(path, summary)).toHaveLength(1);
  for (let at = 0; at < whole.length; at += 7) {
    const broken = Buffer.from(whole);
    broken.writeUInt8((broken[at] ?? 0) ^ 1, at);
    writeFileSync(path, broken);
    await expect(unpack(path, summary), `byte ${at}`).rejects.toThrow("cannot be trusted");
    writeFileSync(path, whole.subarray(0, at));
    await expect(unpack(path, summary), `cut at ${at}`).rejects.toThrow("cannot be trusted");
    await expect(unpack(path, { ...summary, gzipBytes: at }), `cut and noted so at ${at}`).rejects.toThrow();
  }
});

test("a disk that stores something else is noticed", async () => {
  writeFileSync(join(root, "file"), "content ".repeat(400));
  const file = await openDisk().create(join(root, "packed.tar.gz"));
  const { write } = file;
  file.write = (async (bytes: Buffer, ...rest: [number, number, number]) => {
    const spoilt = Buffer.from(bytes);
    const middle = Math.floor(spoilt.length / 2);
    spoilt.writeUInt8((spoilt[middle] ?? 0) ^ 1, middle);
    return await (write as (...args: unknown[]) => Promise<unknown>).call(file, spoilt, ...rest);
  }) as typeof file.write;
  try {
    await expect(packTar(file, root, [sourceAt("file")], never)).rejects.toThrow("cannot be trusted");
  } finally {
    await file.close();
  }
});

test("a stop ends it", async () => {
  writeFileSync(join(root, "large"), Buffer.alloc(3_000_000));
  const file = await openDisk().create(join(root, "packed.tar.gz"));
  try {
    const stopped = AbortSignal.abort(new Error("stopped"));
    await expect(packTar(file, root, [sourceAt("large")], stopped)).rejects.toThrow();
  } finally {
    await file.close();
  }
});

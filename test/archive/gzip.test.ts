import { execFileSync } from "node:child_process";
import { createCipheriv, createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, describe, expect, test, vi } from "vitest";
import { type GzipSummary, gzipRange, gzipTrailer, verifyGzip } from "../../src/archive/gzip.ts";
import { KeeperError } from "../../src/errors.ts";

// seconds when the machine is idle
vi.setConfig({ testTimeout: 30_000 });

const MiB = 1024 * 1024;
const folder = mkdtempSync(join(tmpdir(), "gzip-test-"));
const archive = join(folder, "archive.gz");
afterAll(() => rmSync(folder, { recursive: true }));

/** Incompressible, and the same each time. */
const noise = createCipheriv("aes-128-ctr", Buffer.alloc(16), Buffer.alloc(16)).update(Buffer.alloc(10 * MiB));

/** Compressible and incompressible stretches, so that sizes of chunks differ and matches reach over their borders. */
function someBytes(size: number, noiseShare = 0.3): Buffer {
  const bytes = Buffer.alloc(size, '{"type":"user","message":{"role":"user","content":"Größe 🙂 "}}\n');
  for (let at = 0; at < size; at += 100_000) {
    noise.copy(bytes, at, at, at + Math.floor(Math.min(100_000, size - at) * noiseShare));
  }
  return bytes;
}

type Options = NonNullable<Parameters<typeof gzipRange>[3]>;

async function gzip(original: Buffer, range = { from: 0, to: original.length }, options?: Options) {
  const path = join(folder, "original");
  writeFileSync(path, original);
  return withFile(path, "r+", (source) =>
    withFile(archive, "w", (target) => gzipRange(source, range, target, options)),
  );
}

async function withFile<T>(path: string, flags: string, use: (file: FileHandle) => Promise<T>): Promise<T> {
  const file = await open(path, flags);
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}

const verify = (expected: GzipSummary, signal?: AbortSignal) =>
  withFile(archive, "r", (file) => verifyGzip(file, expected, signal ? { signal } : {}));

function summaryOf(bytes: Buffer): GzipSummary {
  const text = bytes.toString("latin1");
  const lines = text.split("\n").length - (text === "" || text.endsWith("\n") ? 1 : 0);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return { bytes: bytes.length, lines, sha256, gzipBytes: readFileSync(archive).length };
}

/** Everything that has to be right about an archive, seen by several readers. */
async function expectArchiveOf(bytes: Buffer, summary: GzipSummary) {
  expect(gunzipSync(readFileSync(archive)).equals(bytes)).toBe(true);
  execFileSync("gzip", ["-t", archive]);
  const unpacked = execFileSync("sh", ["-c", 'zcat "$1"', "sh", archive], { maxBuffer: bytes.length + MiB });
  expect(unpacked.equals(bytes)).toBe(true);
  expect(summary).toEqual(summaryOf(bytes));
  await verify(summary);
}

describe("writing an archive", () => {
  test.for([0, 1, 2, 32 * 1024, MiB - 1, MiB, MiB + 1, 2 * MiB, 2 * MiB + 31_000, 9 * MiB + 17])(
    "%i bytes come back as they were",
    async (size) => {
      const bytes = someBytes(size);
      await expectArchiveOf(bytes, await gzip(bytes));
    },
  );

  test("bytes that do not compress come back as they were", async () => {
    const bytes = someBytes(3 * MiB, 1);
    await expectArchiveOf(bytes, await gzip(bytes));
  });

  test("any range of any bytes comes back as it was", async () => {
    const stretch = fc.record({
      bytes: fc.uint8Array({ minLength: 1, maxLength: 300 }),
      times: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 9000 })),
    });
    const cut = fc.double({ min: 0, max: 1, noNaN: true });
    await fc.assert(
      fc.asyncProperty(fc.array(stretch, { maxLength: 6 }), cut, cut, async (stretches, a, b) => {
        const bytes = Buffer.concat(
          stretches.map((part) => Buffer.alloc(part.bytes.length * part.times, part.bytes as Uint8Array<ArrayBuffer>)),
        );
        const from = Math.floor(Math.min(a, b) * bytes.length);
        const to = Math.ceil(Math.max(a, b) * bytes.length);
        await expectArchiveOf(bytes.subarray(from, to), await gzip(bytes, { from, to }));
      }),
      { numRuns: 30 },
    );
  });

  test("a file that grows meanwhile is archived up to the end asked for, wherever its file position stands", async () => {
    const bytes = someBytes(2 * MiB);
    const path = join(folder, "growing");
    writeFileSync(path, bytes);
    const summary = await withFile(path, "r+", async (source) => {
      await source.read(Buffer.alloc(100), 0, 100);
      const grow = () => writeFileSync(path, "one more line\n", { flag: "a" });
      return withFile(archive, "w", (target) =>
        gzipRange(source, { from: 10, to: 2 * MiB }, target, { onChunk: grow }),
      );
    });
    await expectArchiveOf(bytes.subarray(10), summary);
  });

  test("the caller sees the bytes in order, each once, while they are in memory", async () => {
    const bytes = someBytes(7 * MiB + 5);
    const seen: Buffer[] = [];
    await gzip(bytes, { from: 3, to: bytes.length - 1 }, { onChunk: (chunk) => seen.push(Buffer.from(chunk)) });
    expect(Buffer.concat(seen).equals(bytes.subarray(3, -1))).toBe(true);
  });

  test("a file that is shorter than the range asked for is an error, not a short archive", async () => {
    await expect(gzip(someBytes(MiB), { from: 0, to: MiB + 1 })).rejects.toMatchObject({ code: "failed" });
  });

  test("a range given the wrong way round is an error, not an empty archive", async () => {
    await expect(gzip(someBytes(10), { from: 5, to: 4 })).rejects.toThrow(/not a range/);
  });

  test("the stored length of the original wraps at 4 GiB", () => {
    expect(gzipTrailer(0x01020304, 2 ** 32 + 5).toString("hex")).toBe("0403020105000000");
    expect(gzipTrailer(0xfffefdfc, 2 ** 32 - 1).toString("hex")).toBe("fcfdfeffffffffff");
  });

  test("an abort ends the writing with the signal's reason, before the rest is read", async () => {
    const stop = new AbortController();
    const reason = new Error("stopped");
    let chunks = 0;
    const onChunk = () => {
      chunks++;
      stop.abort(reason);
    };
    await expect(gzip(someBytes(9 * MiB), undefined, { signal: stop.signal, onChunk })).rejects.toBe(reason);
    expect(chunks).toBe(1);
  });

  test("an error of the caller's own reading ends the writing", async () => {
    const onChunk = () => {
      throw new Error("mine");
    };
    await expect(gzip(someBytes(9 * MiB), undefined, { onChunk })).rejects.toThrow("mine");
  });
});

describe("reading an archive back", () => {
  test("a damaged byte is found wherever it is", async () => {
    const summary = await gzip(someBytes(400, 0.4));
    const stored = readFileSync(archive);
    for (let at = 0; at < stored.length; at++) {
      const damaged = Buffer.from(stored);
      damaged[at] = ~(damaged[at] as number);
      writeFileSync(archive, damaged);
      await expect(verify(summary), `byte ${at}`).rejects.toThrow(KeeperError);
    }
    writeFileSync(archive, stored);
    await verify(summary);
  });

  test("a flipped bit is found, or is one that no reader looks at", async () => {
    const bytes = someBytes(2 * MiB);
    const summary = await gzip(bytes);
    const stored = readFileSync(archive);
    const bit = fc.integer({ min: 0, max: stored.length * 8 - 1 });
    await fc.assert(
      fc.asyncProperty(bit, async (at) => {
        const damaged = Buffer.from(stored);
        damaged[at >> 3] = (damaged[at >> 3] as number) ^ (1 << (at & 7));
        writeFileSync(archive, damaged);
        const accepted = await verify(summary).then(
          () => true,
          () => false,
        );
        if (accepted) expect(gunzipSync(damaged).equals(bytes)).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  test.for([
    ["cut short", /were written/, (stored: Buffer) => stored.subarray(0, -1)],
    ["emptied", /it has 0 bytes/, () => Buffer.alloc(0)],
    ["longer", /were written/, (stored: Buffer) => Buffer.concat([stored, Buffer.alloc(1)])],
    ["zeroed at its end", /unpacked/, (stored: Buffer) => Buffer.from(stored).fill(0, stored.length - 4096)],
  ] as const)("an archive that is %s is refused", async ([, why, change]) => {
    const summary = await gzip(someBytes(2 * MiB));
    writeFileSync(archive, change(readFileSync(archive)));
    await expect(verify(summary)).rejects.toThrow(why);
  });

  test.for([
    ["garbage", Buffer.from("garbage")],
    ["zeros", Buffer.alloc(512)],
    ["another member", gzipSync("more")],
  ] as const)("an archive followed by %s is refused, even when that length was noted", async ([, more]) => {
    const summary = await gzip(someBytes(MiB));
    writeFileSync(archive, more, { flag: "a" });
    await expect(verify({ ...summary, gzipBytes: summary.gzipBytes + more.length })).rejects.toThrow(KeeperError);
  });

  test("a sound archive of something else of the same length is refused", async () => {
    const summary = await gzip(Buffer.from("a".repeat(500)));
    const other = await gzip(Buffer.from("b".repeat(500)));
    expect(other.gzipBytes).toBe(summary.gzipBytes);
    await expect(verify(summary)).rejects.toThrow(/not what went in/);
    await verify(other);
  });

  test("an archive of another length than was noted is refused", async () => {
    const summary = await gzip(Buffer.from("a".repeat(500)));
    await expect(verify({ ...summary, bytes: 501 })).rejects.toThrow(/500 bytes come out of it, 501 went in/);
  });

  test("an abort ends the reading with the signal's reason", async () => {
    const summary = await gzip(someBytes(9 * MiB));
    const stop = new AbortController();
    const reason = new Error("stopped");
    await withFile(archive, "r", async (file) => {
      const read = file.read.bind(file);
      let reads = 0;
      const readAndStop = (...args: Parameters<typeof read>) => {
        if (++reads === 3) stop.abort(reason);
        return read(...args);
      };
      Object.assign(file, { read: readAndStop });
      await expect(verifyGzip(file, summary, { signal: stop.signal })).rejects.toBe(reason);
    });
    await expect(verify(summary, stop.signal)).rejects.toBe(reason);
  });
});

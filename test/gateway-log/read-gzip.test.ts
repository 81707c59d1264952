import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type OpenLog, openLog } from "../../src/gateway-log/open-log.ts";
import { type LogPosition, positionAfter } from "../../src/gateway-log/position.ts";
import { readGzip, unpackedSize } from "../../src/gateway-log/read-gzip.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "keeper-read-gzip-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function on<T>(content: Buffer, use: (log: OpenLog) => Promise<T>): Promise<T> {
  const path = join(folder, "log");
  writeFileSync(path, content);
  const log = (await openLog(path)) as OpenLog;
  try {
    return await use(log);
  } finally {
    await log.handle.close();
  }
}

async function unpack(packed: Buffer, position?: LogPosition) {
  const pieces: Buffer[] = [];
  const isRight = await on(packed, (log) => readGzip(log, position, (bytes) => pieces.push(Buffer.from(bytes))));
  return { isRight, text: Buffer.concat(pieces).toString("latin1") };
}

test("what follows a position is handed on, and nothing when the file holds something else", async () => {
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 300 }).map((piece) => Buffer.alloc(50_000, piece));
  await fc.assert(
    fc.asyncProperty(bytes, fc.double({ min: 0, max: 1, noNaN: true }), async (content, share) => {
      const offset = 1 + Math.floor(share * (content.length - 1));
      const position = await on(content, (log) => positionAfter(log, undefined, { offset, lastAt: undefined }, 1));
      const rest = content.toString("latin1", offset);
      expect(await unpack(gzipSync(content), position)).toEqual({ isRight: true, text: rest });
      const other = Buffer.from(content);
      other[offset - 1] = (other[offset - 1] ?? 0) ^ 1;
      expect(await unpack(gzipSync(other), position)).toEqual({ isRight: false, text: "" });
    }),
    { numRuns: 30 },
  );
});

test("without a position everything is handed on, of a file that breaks off as much as there is", async () => {
  const content = Buffer.from("a line of a log\n".repeat(50_000));
  const packed = gzipSync(content, { level: 0 });
  expect(await unpack(packed)).toEqual({ isRight: true, text: content.toString("latin1") });
  const { text } = await unpack(packed.subarray(0, packed.length - 1000));
  expect(text.length).toBeGreaterThan(0);
  expect(content.toString("latin1").startsWith(text)).toBe(true);
});

test("a file that is no gzip holds nothing", async () => {
  expect(await unpack(Buffer.from("plain text"))).toMatchObject({ text: "" });
});

test("the unpacked size is in the trailer", async () => {
  expect(await on(gzipSync(Buffer.alloc(12_345)), unpackedSize)).toBe(12_345);
  expect(await on(Buffer.from("x"), unpackedSize)).toBeLessThan(256);
});

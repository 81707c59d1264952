import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openLog, readAt } from "../../src/gateway-log/open-log.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "keeper-open-log-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

test("a link to a log is followed, and what is read is counted", async () => {
  writeFileSync(join(folder, "dated.log"), "0123456789");
  symlinkSync("dated.log", join(folder, "current.log"));
  const log = await openLog(join(folder, "current.log"));
  if (!log) throw new Error("not opened");
  const buffer = Buffer.alloc(20);
  expect(await readAt(log, buffer, 4)).toBe(6);
  expect(buffer.toString("latin1", 0, 6)).toBe("456789");
  expect(log.bytesRead).toBe(6);
  await log.handle.close();
});

test("a log that is not there, or whose folder is not, is none", async () => {
  expect(await openLog(join(folder, "none.log"))).toBeUndefined();
  writeFileSync(join(folder, "file"), "");
  expect(await openLog(join(folder, "file", "x.log"))).toBeUndefined();
});

test("a FIFO, a folder and a device are refused at once, with a word what to do", async () => {
  execFileSync("sh", ["-c", 'mkfifo "$1"', "sh", join(folder, "fifo.log")]);
  for (const path of [join(folder, "fifo.log"), folder, "/dev/null"])
    await expect(openLog(path)).rejects.toMatchObject({
      name: "KeeperError",
      hint: expect.stringContaining("gateway.logs"),
    });
});

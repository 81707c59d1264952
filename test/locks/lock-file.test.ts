import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { readLock } from "../../src/locks/lock-file.ts";

test("a lock directory that comes and goes, as Claude Code's does, is there or is not", () => {
  const folder = mkdtempSync(join(tmpdir(), "keeper-lock-file-"));
  const path = join(folder, "history.jsonl.lock");
  const code =
    "const fs = require('node:fs'); for (;;) { fs.mkdirSync(process.argv[1]); fs.rmdirSync(process.argv[1]); }";
  const writer = spawn(process.execPath, ["-e", code, path], { stdio: "ignore" });
  onTestFinished(() => {
    writer.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  });
  const look = () => {
    for (const deadline = Date.now() + 1000; Date.now() < deadline; ) readLock(path);
  };
  expect(look).not.toThrow();
});

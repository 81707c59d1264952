import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { pathInProcess } from "../../src/host/path-in-process.ts";

test("a path leads where the process would find it: from its working directory, and through links", () => {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "keeper-paths-")));
  const child = spawn("sleep", ["60"], { cwd: root, stdio: "ignore" });
  onTestFinished(() => {
    child.kill("SIGKILL");
    rmSync(root, { recursive: true });
  });
  const pid = child.pid ?? 0;
  mkdirSync(join(root, "lib/openclaw"), { recursive: true });
  writeFileSync(join(root, "lib/openclaw/openclaw.mjs"), "");
  symlinkSync("lib/openclaw/openclaw.mjs", join(root, "relative"));
  symlinkSync(join(root, "lib"), join(root, "absolute"));
  symlinkSync("loop", join(root, "loop"));
  const file = `/proc/${pid}/root${root}/lib/openclaw/openclaw.mjs`;
  expect(pathInProcess(pid, join(root, "lib/openclaw/openclaw.mjs"))).toBe(file);
  expect(pathInProcess(pid, join(root, "relative"))).toBe(file);
  expect(pathInProcess(pid, join(root, "absolute/../absolute/openclaw/./openclaw.mjs"))).toBe(file);
  expect(pathInProcess(pid, "lib/openclaw/openclaw.mjs")).toBe(`/proc/${pid}/cwd/lib/openclaw/openclaw.mjs`);
  expect(pathInProcess(pid, "absolute/openclaw/openclaw.mjs")).toBe(file);
  for (const nothing of ["gone", "loop", "../x", join(root, "gone")])
    expect(pathInProcess(pid, nothing)).toBeUndefined();
});

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Whether Prometheus's own checker is installed here. */
export const hasPromtool = spawnSync("promtool", ["--version"]).status === 0;
if (!hasPromtool) process.stderr.write("promtool is not installed: what it would check is skipped\n");

/** Runs it, and returns its status and all that it says. */
export function promtool(args: readonly string[], input = ""): { status: number | null; said: string } {
  const { status, stdout, stderr } = spawnSync("promtool", args, { input, encoding: "utf8" });
  return { status, said: `${stdout}${stderr}` };
}

/** Checks a file of rules. */
export function checkRules(yaml: string): { status: number | null; said: string } {
  const folder = mkdtempSync(join(tmpdir(), "keeper-rules-"));
  try {
    writeFileSync(join(folder, "rules.yml"), yaml);
    return promtool(["check", "rules", join(folder, "rules.yml")]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

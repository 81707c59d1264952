import { spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { quoted } from "../../src/report/screen.ts";

const binary = join(import.meta.dirname, "..", "..", "bin", "session-keeper.js");

/** util-linux has it; without it there is no terminal to try things on. */
export const hasTerminal = spawnSync("script", ["--version"]).status === 0;

/**
 * Runs the built binary on a real terminal of so many columns. All that it showed, with its carriage returns and escapes.
 *
 * @param options.stopAt is sent SIGINT, as by Ctrl-C, once it has shown this
 */
export function onTerminal(
  args: readonly string[],
  options: { columns?: number; env?: Record<string, string>; stopAt?: string } = {},
): Promise<{ status: number | null; text: string }> {
  const command = [process.execPath, binary, ...args].map(quoted).join(" ");
  const line = `stty cols ${options.columns ?? 80} rows 50; exec ${command}`;
  const child = spawn("script", ["-qefc", line, "/dev/null"], {
    env: { PATH: process.env.PATH, TZ: "UTC", TERM: "xterm-256color", LANG: "C.UTF-8", ...options.env },
    stdio: [options.stopAt === undefined ? "ignore" : "pipe", "pipe", "pipe"],
  });
  return new Promise((resolve) => {
    let text = "";
    let isStopped = false;
    child.stdout?.on("data", (data) => {
      text += data;
      if (options.stopAt === undefined || isStopped || !text.includes(options.stopAt)) return;
      isStopped = true;
      child.stdin?.write("\u0003");
    });
    child.on("close", (status) => resolve({ status, text }));
  });
}

/** What stands on the screen in the end, line by line: what was erased or written over is gone, and colours are. */
export function screenOf(text: string): string[] {
  return text.split("\n").map((line) => {
    const shown = line.replace(/\r+$/, "").split("\r").at(-1) ?? "";
    return stripVTControlCharacters(shown);
  });
}

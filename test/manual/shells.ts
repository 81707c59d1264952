import { spawn, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { completionFor, type Shell } from "../../src/manual/completion.ts";
import { hasTerminal } from "../support/terminal.ts";

/** A word on why a shell cannot be tried here; undefined when it can. */
export function missing(shell: Shell): string | undefined {
  if (spawnSync(shell, ["-c", "true"]).status !== 0) return `${shell} is not installed`;
  return hasTerminal || shell === "fish" ? undefined : "script (util-linux) is not installed";
}

const START: Record<"bash" | "zsh", { command: string; before: string }> = {
  bash: { command: "bash --norc --noprofile -i", before: "" },
  zsh: { command: "zsh -f -i", before: "autoload -Uz compinit; compinit -u -D" },
};

/**
 * Types lines into a real interactive shell that has our completion, with a tab wherever `\t` stands, and returns the words
 * that `session-keeper` was called with in the end, line by line.
 */
export function typeInto(shell: "bash" | "zsh", folder: string, lines: readonly string[]): Promise<string[]> {
  const script = join(folder, `completion.${shell}`);
  writeFileSync(script, completionFor(shell));
  const { command, before } = START[shell];
  const preparation = `${before}\nsource ${script}\nsession-keeper() { printf 'GO''T<%s>\\n' "$*"; }\ncd ${folder}; echo REA''DY\n`;
  const child = spawn("script", ["-qefc", `stty cols 200; exec ${command}`, "/dev/null"], {
    env: { PATH: process.env.PATH, HOME: folder, TERM: "xterm", LANG: "C.UTF-8" },
    stdio: ["pipe", "pipe", "ignore"],
  });
  child.stdin.write(preparation);
  return new Promise((resolve) => {
    let text = "";
    let isReady = false;
    child.stdout.on("data", (data) => {
      text += data;
      if (isReady || !text.includes("READY")) return;
      isReady = true;
      for (const line of lines) child.stdin.write(`${line}\n`);
      child.stdin.write("exit\n");
    });
    child.on("close", () => resolve([...text.matchAll(/GOT<(.*?)>/g)].map(([, words = ""]) => words)));
  });
}

/** What fish itself says it would offer for a line. */
export function offeredByFish(folder: string, lines: readonly string[]): string[][] {
  const script = join(folder, "completion.fish");
  writeFileSync(script, completionFor("fish"));
  const commands = lines.map((line) => `complete -C '${line}'; echo END`).join("\n");
  const { stdout } = spawnSync("fish", ["--no-config", "-c", `source ${script}; cd ${folder}\n${commands}`], {
    env: { PATH: process.env.PATH, HOME: folder },
    encoding: "utf8",
  });
  const parts = stdout.split("END\n").slice(0, lines.length);
  return parts.map((part) => part.split("\n").flatMap((offer) => offer.split("\t")[0] || []));
}

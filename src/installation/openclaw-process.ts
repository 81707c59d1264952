import { basename } from "node:path";

const PROGRAM = /^(openclaw|clawdbot|moltbot)(\.mjs|-gateway)?$/;

/** Whether arguments are those of an OpenClaw process, by the rule that OpenClaw itself uses to tell its own from others. Pure. */
export function isOpenClaw(argv: readonly string[]): boolean {
  if (argv.some((argument) => PROGRAM.test(basename(argument.split(" ")[0] ?? "")))) return true;
  return (
    argv.some((argument) => /(^|\/)dist\/(entry|index)\.m?js$/.test(argument)) &&
    argv.some((argument) => /^(gateway|agent)$/.test(argument))
  );
}

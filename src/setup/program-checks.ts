import { type Check, linesOf } from "./check.ts";
import { whereIs } from "./cron-checks.ts";
import type { Sight } from "./cron-sight.ts";
import type { OwnJob } from "./own-jobs.ts";

const line = linesOf("program");

/** The oldest Node that the program runs on. */
const LEAST = [20, 19] as const;
/** Folders of version managers: the next version lies in another one. */
const MANAGED = /\/(?:\.nvm|\.fnm|fnm_multishells|\.volta|\.asdf|\.nodenv|n\/versions|mise)\//;

/** Whether this Node is recent enough, and will be where it is. Pure. */
export function checkNode(version: string, path: string): Check {
  if (!isRecent(version)) return line("node-old", "error", { version }, path);
  return MANAGED.test(path)
    ? line("node-managed", "advice", { version }, path)
    : line("node-recent", "ok", { version }, path);
}

/** Whether cron finds the program and a Node that is recent enough, line by line; alike lines are told once. Pure. */
export function checkSight(seen: readonly { own: OwnJob; sight: Sight }[]): Check[] {
  const told = new Map<string, Check>();
  for (const { own, sight } of seen) {
    const check = judge(own, sight);
    const key = [check.kind, sight.searchPath, own.program].join("\0");
    if (!told.has(key)) told.set(key, check);
  }
  return [...told.values()];
}

function judge(own: OwnJob, { searchPath, program, needsNode, node, nodeVersion }: Sight): Check {
  const evidence = { searchPath, where: whereIs(own.job), program: own.program };
  if (program === undefined) return line("cron-lacks-program", "error", evidence);
  if (needsNode && node === undefined) return line("cron-lacks-node", "error", evidence, program);
  if (needsNode && nodeVersion === undefined) return line("cron-node-silent", "warning", evidence, node);
  if (nodeVersion !== undefined && !isRecent(nodeVersion))
    return line("cron-node-old", "error", { ...evidence, version: nodeVersion }, node);
  return line(
    "cron-finds-program",
    "ok",
    { ...evidence, ...(nodeVersion ? { version: nodeVersion, node } : {}) },
    program,
  );
}

function isRecent(version: string): boolean {
  const [major = 0, minor = 0] = version.replace(/^v/, "").split(".").map(Number);
  return major > LEAST[0] || (major === LEAST[0] && minor >= LEAST[1]);
}

import { closeSync, existsSync, openSync, readSync } from "node:fs";
import { resolve } from "node:path";
import { runCommand } from "../host/command.ts";
import { findProgram } from "../host/find-program.ts";
import type { OwnJob } from "./own-jobs.ts";

/** The search path of a crontab that sets none. */
export const CRON_PATH = "/usr/bin:/bin";
const LIMIT_MS = 10_000;

/** What cron would run for a line of ours. `node`: absent where the program brings its own, or none is found. */
export type Sight = {
  searchPath: string;
  program: string | undefined;
  needsNode: boolean;
  node?: string;
  /** such as 20.19.0; absent: it would not say */
  nodeVersion?: string;
};

/** Looks up a line's program and Node as cron does, with nothing but the environment that the crontab sets. */
export async function seeAsCron(own: OwnJob, homeDirectory: string): Promise<Sight> {
  const searchPath = own.variables.PATH ?? CRON_PATH;
  const lookUp = (word: string) => findProgram(word.includes("/") ? resolve(homeDirectory, word) : word, searchPath);
  const script = resolve(homeDirectory, own.program);
  const program = own.interpreter === undefined ? lookUp(own.program) : existsSync(script) ? script : undefined;
  const needsNode = own.interpreter !== undefined || (program !== undefined && isNodeScript(program));
  const node = needsNode ? lookUp(own.interpreter ?? "node") : undefined;
  const version = node === undefined ? undefined : await versionOf(node);
  return {
    searchPath,
    program,
    needsNode,
    ...(node === undefined ? {} : { node }),
    ...(version === undefined ? {} : { nodeVersion: version }),
  };
}

async function versionOf(node: string): Promise<string | undefined> {
  const { stdout } = await runCommand([node, "--version"], { timeoutMs: LIMIT_MS, env: { LC_ALL: "C" } });
  return /^v(\d+\.\d+\.\d+)/.exec(stdout)?.[1];
}

/** A file whose first line hands it to whatever Node the search path leads to. */
function isNodeScript(path: string): boolean {
  try {
    const descriptor = openSync(path, "r");
    try {
      const bytes = Buffer.alloc(100);
      readSync(descriptor, bytes, 0, bytes.length, 0);
      return /^#!\s*\S*env\s+(?:-S\s+)?node/.test(bytes.toString("latin1"));
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return false;
  }
}

import { statSync } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import { pathInProcess } from "../host/path-in-process.ts";
import { environmentOf, innerPidOf, userOf } from "../host/processes.ts";
import { gatewayPidOf, gatewayProcessOf } from "./gateway.ts";
import { realPathOr } from "./paths.ts";

const NAMES = ["openclaw.json", "clawdbot.json", "moltbot.json", "moldbot.json"];
const VARIABLES = ["OPENCLAW_CONFIG_PATH", "CLAWDBOT_CONFIG_PATH"];

/**
 * Where the gateway of a home has its configuration: where its process was told to look, else where we are told to for this
 * home, else in the home itself. Looks at all processes only where the home has none. What is named need not be there.
 *
 * @returns undefined where nothing leads to one
 */
export function configPathOf(
  home: string,
  { env, homeDirectory }: { env: NodeJS.ProcessEnv; homeDirectory: string },
): string | undefined {
  const own = NAMES.map((name) => join(home, name)).find(isFile);
  const pid = own === undefined ? gatewayProcessOf(home) : gatewayPidOf(home);
  return (pid === undefined ? undefined : toldTo(pid, home, own)) ?? toldToUs(home, env, homeDirectory) ?? own;
}

function toldTo(pid: number, home: string, own: string | undefined): string | undefined {
  const path = VARIABLES.map((name) => environmentOf(pid, name)?.trim()).find(Boolean);
  // anybody may call a process a gateway
  if (!path || userOf(pid) !== statSync(home).uid) return undefined;
  const here = pathInProcess(pid, path);
  if (innerPidOf(pid) === undefined) return isAbsolute(path) ? path : here;
  return own !== undefined && here !== undefined && isSameFile(here, own) ? own : (here ?? `/proc/${pid}/root${path}`);
}

/** Of several homes it is for one only: the one that it lies in, or the one that the same variables lead to. */
function toldToUs(home: string, env: NodeJS.ProcessEnv, homeDirectory: string): string | undefined {
  const path = VARIABLES.map((name) => env[name]?.trim()).find(Boolean);
  if (!path) return undefined;
  const state = env.OPENCLAW_STATE_DIR?.trim() || env.CLAWDBOT_STATE_DIR?.trim() || join(homeDirectory, ".openclaw");
  const isForHome = [dirname(path), state].some((folder) => realPathOr(folder) === home);
  return isForHome ? path : undefined;
}

/** Reading from a pipe would wait for somebody to write. */
function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

function isSameFile(one: string, other: string): boolean {
  const [a, b] = [one, other].map((path) => statSync(path, { throwIfNoEntry: false }));
  return a !== undefined && a.dev === b?.dev && a.ino === b.ino;
}

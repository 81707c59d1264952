import { readdirSync, readFileSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { argvOf, environmentOf, isAlive, listProcesses, ownLineage, startTicksOf } from "../host/processes.ts";
import type { OpenClawHome } from "./installation.ts";
import { isOpenClaw } from "./openclaw-process.ts";
import { realPathOr } from "./paths.ts";
import { lookerAt } from "./sharers.ts";

/** Whether a gateway works on a home. Only `down` is a proof; whatever we could not rule out is `unknown`. */
export type GatewayState = { state: "up" | "down" | "unknown"; pid?: number; because: string };

export const DEFAULT_PORT = 18_789;
const CONNECT_TIMEOUT_MS = 300;

/**
 * The process id in the gateway's own lock file for this home, if that process still is the one that made it. Of a gateway that was
 * told to use a configuration elsewhere, its environment has to lead to the home.
 */
export function gatewayPidOf(home: string): number | undefined {
  const uid = statSync(home).uid;
  const folders = new Set(
    [tmpdir(), "/tmp"].flatMap((folder) => ["openclaw", "clawdbot"].map((name) => join(folder, `${name}-${uid}`))),
  );
  for (const folder of folders) {
    for (const name of namesIn(folder)) {
      if (!/^gateway\.[0-9a-f]{8}\.lock$/.test(name)) continue;
      try {
        const { pid, configPath, startTime } = JSON.parse(readFileSync(join(folder, name), "utf8"));
        const isSameProcess = typeof startTime !== "number" || startTicksOf(pid) === startTime;
        if (typeof configPath !== "string" || !isAlive(pid) || !isSameProcess) continue;
        if (realPathOr(dirname(configPath)) === home) return pid;
        if (environmentOf(pid, "OPENCLAW_CONFIG_PATH") && serves(pid, home, lookerAt(home)(pid)) === "surely")
          return pid;
      } catch {
        // a lock that is being written or removed proves nothing either way
      }
    }
  }
  return undefined;
}

/** The same, or else a process of OpenClaw whose environment leads to this home and to no other. */
export function gatewayProcessOf(home: string): number | undefined {
  const locked = gatewayPidOf(home);
  if (locked !== undefined) return locked;
  const own = ownLineage();
  const look = lookerAt(home);
  const isOfHome = ({ pid, argv }: { pid: number; argv: string[] }) =>
    !own.has(pid) && isOpenClaw(argv) && serves(pid, home, look(pid)) === "surely";
  return listProcesses().find(isOfHome)?.pid;
}

/** Looks for a gateway of this home in its lock file, among the processes, and on its port. */
export async function findGateway({ home, config }: OpenClawHome, foreignPids: boolean): Promise<GatewayState> {
  const pid = gatewayPidOf(home);
  if (pid !== undefined) return { state: "up", pid, because: `the gateway runs as process ${pid}` };
  const processes = listProcesses();
  if (processes.length === 0) return { state: "unknown", because: "the processes of this machine cannot be seen" };
  const own = ownLineage();
  const look = lookerAt(home);
  for (const { pid, argv } of processes) {
    if (!own.has(pid) && isOpenClaw(argv) && serves(pid, home, look(pid)) !== "not")
      return { state: "up", pid, because: `an OpenClaw process runs (${pid})` };
  }
  if (await answers(config.port ?? DEFAULT_PORT)) {
    return { state: "unknown", because: `something answers on the gateway's port ${config.port ?? DEFAULT_PORT}` };
  }
  if (foreignPids)
    return { state: "unknown", because: "the gateway lives in a container, where it cannot be seen from here" };
  return { state: "down", because: "no gateway runs" };
}

/** Whether a process's environment leads to this home, as it sees it; when that can't be read, it may. */
function serves(
  pid: number,
  home: string,
  view: ReturnType<ReturnType<typeof lookerAt>>,
): "surely" | "perhaps" | "not" {
  if (view === "not-at-all") return "not";
  const [place, real] = typeof view === "object" ? [view.home, (path: string) => path] : ([home, realPathOr] as const);
  for (const name of ["OPENCLAW_STATE_DIR", "CLAWDBOT_STATE_DIR"]) {
    const directory = environmentOf(pid, name);
    if (directory) return real(directory) === place ? "surely" : "not";
  }
  const userHome = environmentOf(pid, "OPENCLAW_HOME") ?? environmentOf(pid, "HOME");
  if (!userHome) return "perhaps";
  if (real(dirname(place)) !== real(userHome)) return "not";
  const hasProfile = Boolean(environmentOf(pid, "OPENCLAW_PROFILE")) || argvOf(pid).some((one) => PROFILE.test(one));
  return basename(place) === ".openclaw" && !hasProfile ? "surely" : "perhaps";
}

/** It leads to another home of the same user. */
const PROFILE = /(^| )--(profile|dev)\b/;

async function answers(port: number): Promise<boolean> {
  const { createConnection } = await import("node:net");
  return new Promise((resolve) => {
    const socket = createConnection({ host: "127.0.0.1", port, timeout: CONNECT_TIMEOUT_MS });
    const finish = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket
      .once("connect", () => finish(true))
      .once("error", () => finish(false))
      .once("timeout", () => finish(false));
  });
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

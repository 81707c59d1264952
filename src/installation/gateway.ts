import { readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { environmentOf, isAlive, listProcesses, ownLineage, startTicksOf } from "../host/processes.ts";
import type { OpenClawHome } from "./installation.ts";
import { realPathOr } from "./paths.ts";

/** Whether a gateway works on a home. Only `down` is a proof; whatever we could not rule out is `unknown`. */
export type GatewayState = { state: "up" | "down" | "unknown"; pid?: number; because: string };

const DEFAULT_PORT = 18_789;
const CONNECT_TIMEOUT_MS = 300;
const PROGRAM = /^(openclaw|clawdbot|moltbot)(\.mjs|-gateway)?$/;

/** The process id in the gateway's own lock file for this home, if that process still is the one that made it. */
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
        const isThisHome = typeof configPath === "string" && realPathOr(dirname(configPath)) === home;
        const isSameProcess = typeof startTime !== "number" || startTicksOf(pid) === startTime;
        if (isThisHome && isAlive(pid) && isSameProcess) return pid;
      } catch {
        // a lock that is being written or removed proves nothing either way
      }
    }
  }
  return undefined;
}

/** Looks for a gateway of this home in its lock file, among the processes, and on its port. */
export async function findGateway({ home, config }: OpenClawHome, foreignPids: boolean): Promise<GatewayState> {
  const pid = gatewayPidOf(home);
  if (pid !== undefined) return { state: "up", pid, because: `the gateway runs as process ${pid}` };
  const processes = listProcesses();
  if (processes.length === 0) return { state: "unknown", because: "the processes of this machine cannot be seen" };
  const own = ownLineage();
  for (const process of processes) {
    if (!own.has(process.pid) && isOpenClaw(process.argv) && mayServe(process.pid, home)) {
      return { state: "up", pid: process.pid, because: `an OpenClaw process runs (${process.pid})` };
    }
  }
  if (await answers(config.port ?? DEFAULT_PORT)) {
    return { state: "unknown", because: `something answers on the gateway's port ${config.port ?? DEFAULT_PORT}` };
  }
  if (foreignPids)
    return { state: "unknown", because: "the gateway lives in a container, where it cannot be seen from here" };
  return { state: "down", because: "no gateway runs" };
}

/** True when a process of another pid namespace has this home, or a folder above it, mounted. */
export function isMountedElsewhere(home: string): boolean {
  return processesElsewhere(home).next().done === false;
}

/** The processes of other pid namespaces that have this home, or a folder above it, mounted. */
export function* processesElsewhere(home: string): Generator<number> {
  const own = namespaceOf("self");
  if (!own) return;
  for (const { pid } of listProcesses()) {
    const other = namespaceOf(String(pid));
    if (other && other !== own && hasMounted(pid, home)) yield pid;
  }
}

function hasMounted(pid: number, home: string): boolean {
  let mounts = "";
  try {
    mounts = readFileSync(`/proc/${pid}/mountinfo`, "utf8");
  } catch {
    return false;
  }
  return mounts.split("\n").some((line) => {
    const root = line.split(" ")[3];
    return root !== undefined && root !== "/" && (home === root || home.startsWith(`${root}/`));
  });
}

/** By the rule that OpenClaw itself uses to tell its own processes from others. */
function isOpenClaw(argv: readonly string[]): boolean {
  if (argv.some((argument) => PROGRAM.test(basename(argument.split(" ")[0] ?? "")))) return true;
  return (
    argv.some((argument) => /(^|\/)dist\/(entry|index)\.m?js$/.test(argument)) &&
    argv.some((argument) => /^(gateway|agent)$/.test(argument))
  );
}

/** Whether a process's environment leads to this home; when that can't be read, it may. */
function mayServe(pid: number, home: string): boolean {
  for (const name of ["OPENCLAW_STATE_DIR", "CLAWDBOT_STATE_DIR"]) {
    const directory = environmentOf(pid, name);
    if (directory) return realPathOr(directory) === home;
  }
  const userHome = environmentOf(pid, "OPENCLAW_HOME") ?? environmentOf(pid, "HOME");
  if (!userHome) return true;
  return realPathOr(dirname(home)) === realPathOr(userHome);
}

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

function namespaceOf(pid: string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    return undefined;
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

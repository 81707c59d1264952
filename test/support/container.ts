import { type ChildProcess, spawn } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { onTestFinished } from "vitest";

/** A container with a gateway in it. `pid`: the gateway's number out here; `inner`: the one that it has in there. */
export type Container = { pid: number; inner: number; stop: () => Promise<void> };

type Options = {
  /** folders of the host, by the paths at which the container has them */
  volumes: Record<string, string>;
  /** the version of the OpenClaw package in it */
  version?: string;
  /** who its gateway is, for tests that run as root */
  user?: number;
  /** its `HOME` */
  userHome?: string;
  /** code that the gateway runs when it has started */
  program?: string;
};

/**
 * Starts a gateway in namespaces of its own for processes and mounts, with a root of its own, as Docker does. Stopped when the
 * test is over.
 *
 * @returns undefined where the kernel does not allow that
 */
export async function startContainer({
  volumes,
  version = "2026.2.9",
  user,
  userHome = "/home/node",
  program = "",
}: Options): Promise<Container | undefined> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "keeper-container-")));
  chmodSync(root, 0o755);
  const node = dirname(dirname(realpathSync(process.execPath)));
  const system = ["/dev", "/usr", "/bin", "/lib", "/lib64", node].filter((path) => existsSync(path));
  for (const path of ["/app/dist", "/proc", "/tmp", ...system, ...Object.keys(volumes)])
    mkdirSync(join(root, path), { recursive: true });
  chmodSync(join(root, "tmp"), 0o1777);
  writeFileSync(join(root, "app/package.json"), JSON.stringify({ name: "openclaw", version }));
  const code = `${program}; require("node:fs").writeFileSync("/tmp/ready", String(process.pid)); setInterval(() => {}, 1000)`;
  writeFileSync(join(root, "app/dist/index.js"), code);
  const binds = [
    ...system.map((path) => [path, path]),
    ...Object.entries(volumes).map(([inside, here]) => [here, inside]),
  ];
  const script = [
    "set -e",
    ...binds.map(([here, inside]) => `mount --rbind ${quote(here ?? "")} ${quote(join(root, inside ?? ""))}`),
    `mount -t proc proc ${quote(join(root, "proc"))}`,
    `cd ${quote(root)}`,
    // the shell stays as process 1, as an init would
    `chroot ${user === undefined ? "" : `--userspec=${user}:${user}`} . env HOME=${quote(userHome)} sh -c 'cd /app && ${quote(realpathSync(process.execPath))} dist/index.js gateway & wait'`,
  ].join("\n");
  const isRoot = process.geteuid?.() === 0;
  const argv = [
    ...(isRoot ? [] : ["--user", "--map-root-user"]),
    "--pid",
    "--fork",
    "--kill-child",
    "--mount",
    "sh",
    "-c",
    script,
  ];
  const child = spawn("unshare", argv, { stdio: process.env.CONTAINER_DEBUG ? "inherit" : "ignore" });
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  child.on("error", () => undefined); // no such program: nothing gets ready
  let pid: number | undefined;
  const stop = async () => {
    child.kill("SIGKILL");
    if (child.pid !== undefined) await ended;
    // what ran in there ends a moment later
    for (let round = 0; pid !== undefined && existsSync(`/proc/${pid}`) && round < 200; round += 1) await sleep(5);
  };
  onTestFinished(async () => {
    await stop();
    rmSync(root, { recursive: true, force: true });
  });
  const ready = join(root, "tmp/ready");
  for (let round = 0; !existsSync(ready) && child.exitCode === null && round < 100; round += 1) await sleep(50);
  if (!existsSync(ready)) return undefined;
  const inner = Number(readFileSync(ready, "utf8"));
  pid = processesBelow(child).find((one) => innerOf(one) === inner);
  return pid === undefined ? undefined : { pid, inner, stop };
}

export const NO_CONTAINER = "this kernel allows no namespaces here";

function processesBelow({ pid }: ChildProcess): number[] {
  const found: number[] = pid === undefined ? [] : [pid];
  for (const one of found) {
    try {
      found.push(...readFileSync(`/proc/${one}/task/${one}/children`, "utf8").split(" ").filter(Boolean).map(Number));
    } catch {
      // ended
    }
  }
  return found;
}

function innerOf(pid: number): number {
  const line = /^NSpid:\s*(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? "";
  return Number(line.split(/\s+/).at(-1));
}

function quote(text: string): string {
  return `"${text}"`;
}

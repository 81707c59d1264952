import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { findProgram } from "../host/find-program.ts";
import { isAlive, listProcesses } from "../host/processes.ts";
import { type CronJob, parseCrontab } from "./crontab.ts";
import { type Crontab, readCrontab } from "./read-crontab.ts";
import { namesIn, textOf } from "./readable.ts";
import { findTimers, type Timer } from "./timers.ts";

/** What there is of cron on this machine, as far as it concerns one user. */
export type CronFacts = {
  user: string;
  crontab: Crontab;
  /** all that cron starts as this user; for root, as any user of the system's crontabs */
  jobs: CronJob[];
  timers: Timer[];
  daemon: { program?: string; pid?: number; isPidFileStale: boolean };
  /** what a run prints can be sent to somebody */
  hasMailer: boolean;
};

const DAEMONS = ["cron", "crond", "fcron", "dcron", "bcron-sched"];
const ADMIN_PATH = "/usr/sbin:/sbin:/usr/local/sbin:/usr/bin:/bin";
const PID_FILES = ["/run/crond.pid", "/run/cron.pid", "/var/run/crond.pid", "/var/run/cron.pid"];

/** Looks at crontabs, timers, and the daemon. Reads only. */
export async function gatherCron(user: string, env: NodeJS.ProcessEnv, homeDirectory: string): Promise<CronFacts> {
  const crontab = await readCrontab(env);
  const own = "text" in crontab ? parseCrontab(utf8(crontab.text), `${user}'s crontab`, false) : [];
  const system = ["/etc/crontab", ...filesIn("/etc/cron.d")]
    .flatMap((path) => parseCrontab(textOf(path), path, true))
    .filter((job) => job.user === user || user === "root");
  return {
    user,
    crontab,
    jobs: [...own, ...system],
    timers: findTimers(homeDirectory),
    daemon: findDaemon(),
    hasMailer: findProgram("sendmail", `${ADMIN_PATH}:/usr/lib`) !== undefined,
  };
}

function findDaemon(): CronFacts["daemon"] {
  const running = listProcesses().find(({ argv: [first = "", second = ""] }) => {
    const name = basename(first.replace(/:$/, ""));
    return DAEMONS.includes(name) || (name === "busybox" && second === "crond");
  });
  const program = DAEMONS.map((name) => findProgram(name, ADMIN_PATH)).find((path) => path !== undefined);
  const pidFile = PID_FILES.find(existsSync);
  const pid = pidFile === undefined ? Number.NaN : Number.parseInt(textOf(pidFile), 10);
  return {
    ...(program === undefined ? {} : { program }),
    ...(running === undefined ? {} : { pid: running.pid }),
    isPidFileStale: !Number.isNaN(pid) && !isAlive(pid),
  };
}

/** Cron passes over names with a dot, as packages leave them. */
function filesIn(folder: string): string[] {
  return namesIn(folder)
    .filter((name) => /^[\w-]+$/.test(name))
    .map((name) => join(folder, name));
}

function utf8(latin1: string): string {
  return Buffer.from(latin1, "latin1").toString("utf8");
}

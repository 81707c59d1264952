import { type PingEvent, ping } from "../alert/ping.ts";
import type { Settings } from "../config/settings.ts";
import { type Disk, openDisk } from "../disk/disk.ts";
import { describeError } from "../errors.ts";
import { type ReportDocument, summarize } from "../report/document.ts";
import type { Prospect } from "./prospects.ts";
import type { Request, World } from "./run.ts";
import { stateDirectoryOf } from "./state-directory.ts";

/** The end of a run, for those who tell of it. `signal`: somebody stops us; absent: only our own time is up. */
export type Ending = {
  request: Request;
  world: World;
  settings: Settings;
  prospects: readonly Prospect[];
  disk: Disk;
  stateDirectory: string;
  signal?: AbortSignal;
  warn: (text: string) => void;
};

/** Tells how a run ended. What was told of it becomes part of its report; nothing that goes wrong does. */
export type Announce = (report: ReportDocument, prospects: readonly Prospect[]) => Promise<void>;

/**
 * Tells whoever was configured that a run begins: pings, and for its end alerts and metrics. Loaded only where there is
 * somebody to be told.
 */
export function announceStart(request: Request, world: World, settings: Settings): Announce {
  const { url } = settings.ping;
  const started = url === null ? undefined : ping(url, "start", { signal: world.signal });
  return async (report, prospects) => {
    const { signal } = world;
    const isOutOfTime = signal.aborted && (signal.reason as Error | undefined)?.name === "TimeoutError";
    const ending: Ending = {
      ...{ request, world, settings, prospects },
      disk: openDisk(),
      stateDirectory: stateDirectoryOf(settings, world.surroundings),
      ...(isOutOfTime ? {} : { signal }),
      warn: (text) => world.warn?.(text, false),
    };
    const [waiting] = await Promise.all([tellPeople(report, ending), pingEnd(started, report, ending)]);
    report.summary = summarize(report.installations);
    if (settings.metrics.textfile !== null) await tellMachines(settings.metrics.textfile, report, waiting, ending);
  };
}

async function tellPeople(report: ReportDocument, ending: Ending): Promise<number> {
  const { command, webhook } = ending.settings.notify;
  if (!command && webhook === null) return 0;
  try {
    return await (await import("./alerts.ts")).sendAlerts(report, ending);
  } catch (error) {
    ending.warn(`alerts could not be looked after (${describeError(error)}); the run itself did what it tells`);
    return 0;
  }
}

async function tellMachines(path: string, report: ReportDocument, waiting: number, ending: Ending): Promise<void> {
  try {
    await (await import("./metrics.ts")).writeMetrics(path, report, waiting, ending);
  } catch (error) {
    ending.warn(
      `the metrics file ${path} was not written (${describeError(error)}); the run itself did what it tells, and the next one tries again`,
    );
  }
}

/** A run that somebody stopped, or that found another one at work, is neither a success nor a failure. */
async function pingEnd(
  started: Promise<string | undefined> | undefined,
  { exitCode }: ReportDocument,
  { settings, world, signal }: Ending,
): Promise<void> {
  const problems = [await started];
  const event = EVENTS[exitCode];
  if (settings.ping.url !== null && event !== undefined && !signal?.aborted)
    problems.push(await ping(settings.ping.url, event, signal ? { signal } : {}));
  for (const problem of problems) if (problem !== undefined) world.warn?.(problem, true);
}

const EVENTS: Partial<Record<number, PingEvent>> = { 0: "success", 1: "success", 2: "failure", 3: "failure" };

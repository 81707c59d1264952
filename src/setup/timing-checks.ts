import { type Check, linesOf } from "./check.ts";
import { whereIs } from "./cron-checks.ts";
import type { CommandName, OwnJob } from "./own-jobs.ts";
import { longestGap, parseSchedule, type Schedule } from "./schedule.ts";

const line = linesOf("cron");
const HOUR = 60;

/** How long a command may stay away, in minutes, and how often is more than it is good for. */
const LIMITS: Record<CommandName, { most: number; least: number }> = {
  rotate: { most: 15, least: 1 },
  "clean-locks": { most: 15, least: 1 },
  archive: { most: 24 * HOUR, least: 30 },
  "validate-registry": { most: 6 * HOUR, least: 5 },
  "detect-corruption": { most: 24 * HOUR, least: 5 },
};

type Timed = { own: OwnJob; schedule: Schedule };

/** Whether each command comes often enough and not too often, and whether two of them get in each other's way. Pure. */
export function checkTiming(jobs: readonly OwnJob[]): Check[] {
  const timed = jobs.flatMap((own): Timed[] => {
    const schedule = parseSchedule(own.job.schedule);
    return schedule ? [{ own, schedule }] : [];
  });
  const untimed = jobs.filter(({ job }) => !parseSchedule(job.schedule));
  return [
    ...untimed.map((own) => line("schedule-unknown", "warning", { ...about(own), schedule: own.job.schedule })),
    ...timed.flatMap(checkGap),
    ...checkSameMinute(timed),
  ];
}

function checkGap({ own, schedule }: Timed): Check[] {
  const { most, least } = LIMITS[own.command];
  const gap = longestGap(schedule);
  const evidence = { ...about(own), gapMinutes: Number.isFinite(gap) ? gap : null, mostMinutes: most };
  if (gap > most) return [line("runs-seldom", "advice", evidence)];
  return gap < least ? [line("runs-often", "advice", { ...evidence, leastMinutes: least })] : [];
}

/** Those that begin together wait for one another: the later ones of them late, or not at all. */
function checkSameMinute(timed: readonly Timed[]): Check[] {
  const starts = new Map<number, Set<CommandName>>();
  for (const { own, schedule } of timed)
    for (const minute of schedule.minutes) {
      const together = starts.get(minute) ?? new Set();
      starts.set(minute, together.add(own.command));
    }
  const [first] = [...starts].filter(([, together]) => together.size > 1).sort(([a], [b]) => a - b);
  if (first === undefined) return timed.length > 1 ? [line("minutes-apart", "ok", { lines: timed.length })] : [];
  const [minute, commands] = first;
  const at = `${Math.floor(minute / HOUR)}:${String(minute % HOUR).padStart(2, "0")}`;
  return [line("same-minute", "advice", { commands: [...commands], at })];
}

function about({ job, command }: OwnJob): Check["evidence"] {
  return { command, where: whereIs(job) };
}

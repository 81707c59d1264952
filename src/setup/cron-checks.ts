import { type Check, linesOf } from "./check.ts";
import type { CronFacts } from "./cron-facts.ts";
import type { OldKeeper } from "./old-keepers.ts";
import { COMMANDS, type OwnJob } from "./own-jobs.ts";

const line = linesOf("cron");

/** Whether something starts the five commands, once each, and whether another keeper does the same work. Pure. */
export function checkCron(facts: CronFacts, own: readonly OwnJob[], others: readonly OldKeeper[]): Check[] {
  const enabled = facts.timers.filter(({ isEnabled }) => isEnabled);
  return [
    ...checkDaemon(facts, own.length === 0 && enabled.length > 0),
    ...checkCrontab(facts),
    ...checkCommands(facts, own),
    ...checkTwice(facts, own),
    ...own.filter(({ options }) => !options.includes("--cron")).map((job) => line("line-talks", "advice", about(job))),
    ...others.map(({ job, what }) =>
      line("other-keeper", "warning", { where: whereIs(job), what }, pathOf(job.source)),
    ),
  ];
}

/** In words: where a line stands. */
export function whereIs({ source, line: at }: OwnJob["job"]): string {
  return `line ${at} of ${source}`;
}

function checkDaemon({ daemon }: CronFacts, isNeedless: boolean): Check[] {
  const { pid, program } = daemon;
  if (pid !== undefined) return [line("cron-runs", "ok", { pid })];
  if (isNeedless) return [];
  if (program === undefined) return [line("cron-missing", "error")];
  return [line("cron-stopped", "error", { isPidFileStale: daemon.isPidFileStale }, program)];
}

function checkCrontab({ crontab, user }: CronFacts): Check[] {
  if (crontab.state === "refused") return [line("crontab-refused", "warning", { user, says: crontab.says })];
  return crontab.state === "failed" ? [line("crontab-failed", "warning", { user, says: crontab.says })] : [];
}

function checkCommands({ timers }: CronFacts, own: readonly OwnJob[]): Check[] {
  const asleep = timers.filter(({ isEnabled }) => !isEnabled);
  const started = COMMANDS.filter(
    (name) =>
      own.some(({ command }) => command === name) ||
      timers.some(({ command, isEnabled }) => isEnabled && command === name),
  );
  const missing = COMMANDS.filter((name) => !started.includes(name));
  const sleeping = asleep.map(({ path }) => line("timer-disabled", "warning", {}, path));
  if (started.length === 0) return [...sleeping, line("lines-missing", "warning")];
  return [
    line("lines-found", "ok", { commands: started, where: placesOf(own, timers) }),
    ...sleeping,
    ...missing.map((command) => line("command-missing", command === "rotate" ? "warning" : "advice", { command })),
  ];
}

function placesOf(own: readonly OwnJob[], timers: CronFacts["timers"]): string[] {
  const ofTimers = timers.filter(({ isEnabled }) => isEnabled).map(({ scope }) => `timers of the ${scope}`);
  return [...new Set([...own.map(({ job }) => job.source), ...ofTimers])];
}

/** The same command with the same options, from two places or two lines. */
function checkTwice({ timers }: CronFacts, own: readonly OwnJob[]): Check[] {
  const seen = new Map<string, string[]>();
  const note = (key: string, where: string) => seen.set(key, [...(seen.get(key) ?? []), where]);
  for (const { command, options, job } of own) note([command, ...options.toSorted()].join(" "), whereIs(job));
  for (const { command, path, isEnabled } of timers) {
    if (!isEnabled) continue;
    const key = [...seen.keys()].find((name) => name.split(" ")[0] === command) ?? command;
    note(key, path);
  }
  return [...seen]
    .filter(([, where]) => where.length > 1)
    .map(([key, where]) => line("command-twice", "warning", { command: key.split(" ")[0], where }));
}

function about({ job, command }: OwnJob): Check["evidence"] {
  return { command, where: whereIs(job) };
}

function pathOf(source: string): string | undefined {
  return source.startsWith("/") ? source : undefined;
}

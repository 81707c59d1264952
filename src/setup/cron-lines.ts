/** How often each command runs. No two of them begin in the same minute, none at 0, 5, 10, when all other crontabs begin. */
const SCHEDULE = [
  ["3-59/5 * * * *", "rotate --cron"],
  ["1-59/5 * * * *", "clean-locks --cron"],
  ["22 */6 * * *", "archive --cron"],
  ["39 * * * *", "validate-registry --repair --cron"],
  ["7 * * * *", "detect-corruption --cron"],
] as const;

/** The lines of a crontab that look after everything. `program`: how cron is to call this program. Pure. */
export function cronLines(program: string): string[] {
  return SCHEDULE.map(([when, what]) => `${when} ${program} ${what}`);
}

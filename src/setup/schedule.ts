const DAY_MINUTES = 24 * 60;

/** When something starts: minutes of the day (0 to 1439), rising. `everyDay` false: not on each day. */
export type Schedule = { minutes: number[]; everyDay: boolean };

const NAMED: Record<string, string> = {
  "@hourly": "0 * * * *",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@weekly": "0 0 * * 0",
  "@monthly": "0 0 1 * *",
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
};

/** Reads the five fields of a crontab's line, or a name such as `@daily`. Undefined for what has no times, such as `@reboot`. Pure. */
export function parseSchedule(text: string): Schedule | undefined {
  const [minute = "", hour = "", ...days] = (NAMED[text] ?? text).trim().split(/\s+/);
  const [minutes, hours] = [valuesOf(minute, 59), valuesOf(hour, 23)];
  if (days.length !== 3 || !minutes || !hours) return undefined;
  return {
    minutes: hours.flatMap((h) => minutes.map((m) => h * 60 + m)),
    everyDay: days.every((field) => field === "*"),
  };
}

/** The longest time without a start, in minutes. Pure. */
export function longestGap({ minutes, everyDay }: Schedule): number {
  if (!everyDay) return Number.POSITIVE_INFINITY;
  const first = minutes[0] ?? 0;
  return Math.max(...minutes.map((at, index) => (minutes[index + 1] ?? first + DAY_MINUTES) - at));
}

/** One field: stars, numbers, ranges, steps and lists of these. */
function valuesOf(field: string, most: number): number[] | undefined {
  const values = new Set<number>();
  for (const part of field.split(",")) {
    const [, from, to, step = "1"] = /^(?:\*|(\d+)(?:-(\d+))?)(?:\/(\d+))?$/.exec(part) ?? [];
    if (!/^(?:\*|\d)/.test(part) || Number(step) < 1) return undefined;
    const first = Number(from ?? 0);
    const last = to === undefined ? (from === undefined || part.includes("/") ? most : first) : Number(to);
    if (!(first <= last && last <= most)) return undefined;
    for (let value = first; value <= last; value += Number(step)) values.add(value);
  }
  return [...values].sort((a, b) => a - b);
}

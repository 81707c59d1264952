import type { Change, ChangeKind } from "../setup/change.ts";
import type { ReportedChange } from "./document.ts";

type Words = (evidence: Record<string, unknown>, path: string) => string;

const wording: Record<ChangeKind, Record<Change["result"], Words>> = {
  "crontab-lines-in": {
    planned: ({ user }) => `would put the lines of session-keeper into the crontab of ${user}`,
    done: ({ user, backup }) => `the crontab of ${user} has the lines of session-keeper now${before(backup)}`,
    "already-done": ({ user }) => `the crontab of ${user} has these very lines already`,
  },
  "crontab-lines-out": {
    planned: ({ user }) => `would take the lines of session-keeper out of the crontab of ${user}`,
    done: ({ user, backup }) => `the crontab of ${user} has no lines of session-keeper any more${before(backup)}`,
    "already-done": ({ user }) => `the crontab of ${user} has none of the lines that --install puts there`,
  },
  "unit-in": {
    planned: (_, path) => `would write ${path}`,
    done: (_, path) => `wrote ${path}`,
    "already-done": (_, path) => `${path} is so already`,
  },
  "unit-out": always(
    (_, path) => `removed ${path}`,
    (_, path) => `would remove ${path}`,
  ),
  "units-out": always((_, path) => `there are no units of session-keeper in ${path}`),
  "timers-started": always(
    ({ commands }) => `the timers run: ${each(commands)}`,
    ({ commands }) => `would run: ${each(commands)}`,
  ),
  "timers-stopped": always(
    ({ commands }) => `the timers were stopped: ${each(commands)}`,
    ({ commands }) => `would run: ${each(commands)}`,
  ),
  "units-reloaded": always(
    ({ commands }) => `told the service manager: ${each(commands)}`,
    ({ commands }) => `would run: ${each(commands)}`,
  ),
  "manager-missing": always(
    ({ scope, commands }) =>
      `the service manager of the ${scope} cannot be reached from here; once it can: ${each(commands)}`,
  ),
};

/** A change as it is told. */
export function reportChange(change: Change): ReportedChange {
  return { ...change, message: wording[change.kind][change.result](change.evidence, change.path ?? "") };
}

function always(done: Words, planned: Words = done): Record<Change["result"], Words> {
  return { planned, done, "already-done": done };
}

function each(commands: unknown): string {
  return (commands as string[]).join(" && ");
}

function before(backup: unknown): string {
  return backup === undefined ? "" : `; as it was before: ${backup}`;
}

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
};

/** A change as it is told. */
export function reportChange(change: Change): ReportedChange {
  return { ...change, message: wording[change.kind][change.result](change.evidence, change.path ?? "") };
}

function before(backup: unknown): string {
  return backup === undefined ? "" : `; as it was before: ${backup}`;
}

import type { CronJob } from "./crontab.ts";
import { textOf } from "./readable.ts";

/** Names that scripts for this work went by before. */
const SCRIPTS =
  /(?:^|[\s/])((?:rotate-sessions?|validate-sessions?|clean(?:up)?-(?:stale-)?(?:locks?|sessions?)|archive-(?:old-)?sessions?|session-(?:cleanup|maintenance|rotation|archiv\w*)|rotate-archives?)(?:\.\w+)?)(?=[\s;|&>"']|$)/;
const SESSION_FILES = /\.jsonl|sessions\.json|\.openclaw\b.*sessions|\.claude\/projects/;
const CHANGES = /\brm\b|\bunlink\b|-delete\b|\btruncate\b|\bmv\b|\bgzip\b|(?:^|[\s;&|])>\s*["'$/~]/m;
/** in characters; what is longer is a program, of which the beginning will do */
const LARGEST_SCRIPT = 200_000;

/** A line of a crontab by which somebody else changes session files. `what`: its script's name, or what shows it. */
export type OldKeeper = { job: CronJob; what: string };

/** The lines that look after session files without this program. Reads the scripts that they name. */
export function findOldKeepers(jobs: readonly CronJob[]): OldKeeper[] {
  return jobs.flatMap((job) => {
    if (/session-keeper/.test(job.command)) return [];
    const named = SCRIPTS.exec(job.command)?.[1];
    if (named !== undefined) return [{ job, what: named }];
    if (meddles(job.command)) return [{ job, what: "its command" }];
    const script = scriptsOf(job.command).find((path) => meddles(textOf(path).slice(0, LARGEST_SCRIPT)));
    return script === undefined ? [] : [{ job, what: script }];
  });
}

function meddles(text: string): boolean {
  return SESSION_FILES.test(text) && CHANGES.test(text);
}

function scriptsOf(command: string): string[] {
  return command.match(/\/[^\s;|&<>"']+\.(?:sh|bash|py|js|mjs|rb|pl)(?=[\s;|&<>"']|$)/g) ?? [];
}

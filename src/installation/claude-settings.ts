import { readFileSync } from "node:fs";
import { join } from "node:path";

/** How long Claude Code keeps a transcript that nobody writes to, in days since its last change. */
export type CleanupPeriod = { days: number; isSetOnPurpose: boolean };

const DEFAULT_DAYS = 30;
/** Read in this order by Claude Code; the first that says something counts. A project's own settings hold only in there. */
const MANAGED = "/etc/claude-code/managed-settings.json";

/** The period after which Claude Code deletes transcripts when it starts: `cleanupPeriodDays`, 30 where nobody set it. */
export function cleanupPeriodOf(home: string): CleanupPeriod {
  for (const path of [MANAGED, join(home, "settings.local.json"), join(home, "settings.json")]) {
    const days = read(path);
    if (days !== undefined) return { days, isSetOnPurpose: true };
  }
  return { days: DEFAULT_DAYS, isSetOnPurpose: false };
}

/** What is no number is not taken by Claude Code either. */
function read(path: string): number | undefined {
  try {
    const { cleanupPeriodDays } = JSON.parse(readFileSync(path, "utf8")) ?? {};
    return typeof cleanupPeriodDays === "number" && cleanupPeriodDays >= 0 ? cleanupPeriodDays : undefined;
  } catch {
    return undefined;
  }
}

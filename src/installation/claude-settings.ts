import { readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * How long Claude Code keeps a transcript that nobody writes to, in days since its last change. `by`: the folders whose own
 * settings say so, where the period is theirs: they hold on purpose for what was done in there, and for all others by accident.
 */
export type CleanupPeriod = { days: number; isSetOnPurpose: boolean; by?: string[] };

const DEFAULT_DAYS = 30;
const MANAGED = "/etc/claude-code/managed-settings.json";

/**
 * The period after which Claude Code deletes transcripts when it starts: `cleanupPeriodDays`, 30 where nobody set it. It goes by
 * the settings of the folder that it starts in and deletes in all others, too, so the shortest of them counts. What is managed
 * counts before all, and a folder's own settings before those of the home.
 *
 * @param folders that it may be started in, as far as they are known
 */
export function cleanupPeriodOf(home: string, folders: readonly string[]): CleanupPeriod {
  const managed = read(MANAGED);
  if (managed !== undefined) return { days: managed, isSetOnPurpose: true };
  const ofHome = readFirst(home);
  const days = ofHome ?? DEFAULT_DAYS;
  const own = folders.map((folder) => ({ folder, days: readFirst(join(folder, ".claude")) || undefined }));
  const shortest = Math.min(...own.flatMap((one) => one.days ?? []));
  if (shortest >= days) return { days, isSetOnPurpose: ofHome !== undefined };
  const by = own.filter((one) => one.days === shortest).map(({ folder }) => folder);
  return { days: shortest, isSetOnPurpose: false, by };
}

/** Read in this order by Claude Code; the first that says something counts. */
function readFirst(folder: string): number | undefined {
  return read(join(folder, "settings.local.json")) ?? read(join(folder, "settings.json"));
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

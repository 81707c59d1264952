import { join } from "node:path";
import type { Dialect } from "../dialects/dialect.ts";

/** Why an archive was made. */
export type ArchiveReason = "size" | "corrupt" | "repair" | "idle" | "sweep" | "leftover" | "manual";

/**
 * Where an archive lies below the archive folder: `<dialect>/<agent or project>/<sessionId>.<time>.<reason>.jsonl.gz`,
 * with the time in UTC to the second. `attempt` above 1 is added behind the time when the name is taken.
 */
export function archiveName(of: {
  dialect: Dialect["name"];
  group: string;
  sessionId: string;
  reason: ArchiveReason;
  at: Date;
  attempt: number;
}): string {
  const time = of.at.toISOString().replace(/[-:]|\.\d+/g, "");
  const stamp = of.attempt > 1 ? `${time}-${of.attempt}` : time;
  return join(of.dialect, of.group, `${of.sessionId}.${stamp}.${of.reason}.jsonl.gz`);
}

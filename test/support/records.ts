import type { CatalogRecord } from "../../src/archive/catalog.ts";
import type { Archive } from "../../src/restore/archives.ts";

/** A record of the catalog, made up but for what is given. */
export function recordOf(given: Partial<CatalogRecord>): CatalogRecord {
  const { sessionId = "s1", segment = 1, reason = "size" } = given;
  return {
    archive: `claude-code/-w/${sessionId}.${segment}.${reason}.jsonl.gz`,
    at: new Date(Date.parse("2026-02-01T10:00:00.000Z") + segment * 3_600_000).toISOString(),
    runId: "run",
    command: "rotate",
    installation: "default",
    dialect: "claude-code",
    group: "-w",
    source: `/home/.claude/projects/-w/${sessionId}.jsonl`,
    sessionId,
    reason,
    bytes: 10,
    lines: 1,
    sha256: "",
    gzipBytes: 20,
    segment,
    ...given,
  };
}

/** An archive of which only the record matters. */
export function archiveOf(given: Partial<CatalogRecord>): Archive {
  const record = recordOf(given);
  return { record, folder: "/archive", path: `/archive/${record.archive}` };
}

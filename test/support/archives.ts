import { createHash } from "node:crypto";
import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import type { CatalogRecord } from "../../src/archive/catalog.ts";
import type { Dialect } from "../../src/dialects/dialect.ts";

export type ArchiveOptions = Partial<CatalogRecord> & { sessionId: string; source: string };

const START = Date.parse("2026-02-01T10:00:00.000Z");

/** Puts an archive and its line in the catalog, as a run of ours does. Its time goes on by an hour with the segment. */
export function addArchive(folder: string, content: string, options: ArchiveOptions): CatalogRecord {
  const { dialect = "claude-code", group = "-w", segment = 1, reason = "size", sessionId } = options;
  const at = new Date(START + segment * 3_600_000).toISOString();
  const name = `${sessionId}.${at.replace(/[-:]|\.\d+/g, "")}.${reason}.jsonl.gz`;
  const archive = join(dialect, group, name);
  const stored = gzipSync(content);
  const record: CatalogRecord = {
    archive,
    at,
    runId: "run",
    command: "rotate",
    installation: "default",
    dialect,
    group,
    reason,
    bytes: Buffer.byteLength(content),
    lines: content.split("\n").length - (content.endsWith("\n") ? 1 : 0),
    sha256: createHash("sha256").update(content).digest("hex"),
    gzipBytes: stored.length,
    segment,
    ...options,
  };
  mkdirSync(dirname(join(folder, record.archive)), { recursive: true });
  writeFileSync(join(folder, record.archive), stored, { mode: 0o600 });
  appendFileSync(join(folder, "catalog.jsonl"), `${JSON.stringify(record)}\n`);
  return record;
}

/** Takes an archive out of the catalog as pruning does. */
export function prune(folder: string, { archive }: CatalogRecord): void {
  appendFileSync(
    join(folder, "catalog.jsonl"),
    `${JSON.stringify({ pruned: archive, at: "2026-03-01T00:00:00.000Z", runId: "run" })}\n`,
  );
}

/**
 * What a file holds after a cut: its header row, rows of the parent that had to stay, then what was added. `carried`: without
 * the first row of an OpenClaw file, which stays in any case.
 */
export function afterCut(
  dialect: Dialect["name"],
  parent: CatalogRecord,
  { first, carried, own }: { first: string; carried: readonly string[]; own: readonly string[] },
): string[] {
  const facts = {
    parentFile: basename(parent.archive),
    rootSession: parent.sessionId,
    segmentIndex: parent.segment + 1,
    timestamp: parent.at,
  };
  if (dialect === "claude-code") {
    const header = { type: "segment-header", sessionId: parent.sessionId, ...facts, carriedLines: carried.length };
    return [JSON.stringify(header), ...carried, ...own];
  }
  const data = { ...facts, carriedLines: carried.length + 1 };
  const header = { type: "custom", customType: "segment-header", data, id: "c0ffee00", parentId: null };
  return [first, JSON.stringify({ ...header, timestamp: parent.at }), ...carried, ...own];
}

/** Lines as a file holds them. */
export function asFile(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join("");
}

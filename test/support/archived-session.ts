import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CatalogRecord } from "../../src/archive/catalog.ts";
import type { Dialect } from "../../src/dialects/dialect.ts";
import { addArchive, afterCut, asFile } from "./archives.ts";
import { type Home, sessionsFolder } from "./home.ts";

/** The id of the session whose archives these are. */
export const ID = "4f1d6a7c-9b02-4c4e-8a51-2d7e90c3b816";

/** Where a session of a dialect lies, and where its archives do. */
export function placesOf(
  home: Home,
  dialect: Dialect["name"],
  sessionId = ID,
): { folder: string; source: string; group: string } {
  if (dialect === "openclaw") {
    const source = join(sessionsFolder(home), `${sessionId}.jsonl`);
    return { folder: join(home.openclaw, "session-archives"), source, group: "main" };
  }
  const project = join(home.claude, "projects", "-w");
  mkdirSync(project, { recursive: true });
  const source = join(project, `${sessionId}.jsonl`);
  return { folder: join(home.claude, "session-archives"), source, group: "-w" };
}

/** Adds an archive of that session to a home. */
export function archiveIn(
  home: Home,
  dialect: Dialect["name"],
  content: string,
  options: Partial<CatalogRecord> = {},
): CatalogRecord {
  const { folder, source, group } = placesOf(home, dialect, options.sessionId);
  return addArchive(folder, content, { dialect, source, group, sessionId: ID, ...options });
}

/** The header of an OpenClaw file. */
export const sessionRow = JSON.stringify({ type: "session", version: 3, id: ID, cwd: "/w" });

/** Made-up rows with these numbers. */
export function rows(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, index) =>
    JSON.stringify({ type: "user", uuid: `u${from + index}`, text: "ü".repeat(from + index) }),
  );
}

/**
 * Adds a session that was cut twice: two archives, a repair between them, and the live file.
 *
 * @returns every line of it, and the two archives
 */
export function addCutSession(
  home: Home,
  dialect: Dialect["name"],
): { all: string[]; archives: [CatalogRecord, CatalogRecord] } {
  const [first = ""] = dialect === "openclaw" ? [sessionRow] : rows(0, 0);
  const one = archiveIn(home, dialect, asFile([first, ...rows(1, 5)]), { purpose: "cut" });
  const second = afterCut(dialect, one, { first, carried: rows(4, 5), own: rows(6, 9) });
  archiveIn(home, dialect, asFile([...second, "broken"]), { segment: 2, reason: "repair", purpose: "repair" });
  const three = archiveIn(home, dialect, asFile(second), { segment: 3, purpose: "cut" });
  const live = afterCut(dialect, three, { first, carried: rows(7, 7), own: rows(10, 11) });
  writeFileSync(placesOf(home, dialect).source, asFile(live), { mode: 0o600 });
  return { all: [first, ...rows(1, 11)], archives: [one, three] };
}

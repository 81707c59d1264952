import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { expect } from "vitest";
import { catalogPathOf, readCatalog } from "../../src/archive/catalog.ts";
import {
  addClaudeSession,
  addOpenClawSession,
  archivesIn,
  boundEntry,
  type Home,
  makeHome,
  readRegistryOf,
  unzip,
  writeRegistry,
} from "../support/home.ts";

export type Session = {
  dialect: "claude-code" | "openclaw";
  key: string;
  sessionId: string;
  path: string;
  original: Buffer;
};

/** A home in which an accident is to happen: an oversized session of each dialect that a registry leads to, and a bystander. */
export type Scene = { home: Home; sessions: Session[]; bystander: string; registry: Record<string, object> };

const BYSTANDER = "agent:main:telegram:group:-1002";

export function setScene(dialects: readonly Session["dialect"][] = ["claude-code", "openclaw"]): Scene {
  const home = makeHome();
  const sessions: Session[] = [];
  const registry: Scene["registry"] = {};
  for (const dialect of dialects) {
    const key = `agent:main:${dialect === "openclaw" ? "telegram:group:-1001" : "main"}`;
    const { sessionId, path } = (dialect === "openclaw" ? addOpenClawSession : addClaudeSession)(home, { bytes: 4000 });
    registry[key] =
      dialect === "openclaw"
        ? { sessionId, updatedAt: Date.now() - 300_000, sessionFile: path, thinkingLevel: "high", totalTokens: 9 }
        : boundEntry(sessionId, { thinkingLevel: "low" });
    sessions.push({ dialect, key, sessionId, path, original: readFileSync(path) });
  }
  const bystander = addOpenClawSession(home, { bytes: 100 });
  registry[BYSTANDER] = {
    sessionId: bystander.sessionId,
    updatedAt: Date.now() - 300_000,
    future: { kept: [1, null] },
  };
  writeRegistry(home, registry);
  return { home, sessions, bystander: bystander.path, registry };
}

/** Every original line is in its file or in an archive; each archive can be read, and holds what the catalog says. */
export function expectArchivesReadable({ home, sessions, bystander, registry }: Scene): void {
  const archives = archivesIn(home.root).map((path) => ({ path, bytes: unzip(path) }));
  for (const { sessionId, path, original } of sessions) {
    const own = archives.filter((archive) => basename(archive.path).startsWith(sessionId));
    const kept = new Set([...own.flatMap(({ bytes }) => linesOf(bytes)), ...linesIn(path)]);
    expect(linesOf(original).filter((line) => !kept.has(line)).length, `lines of ${path} that are nowhere`).toBe(0);
  }
  for (const folder of archiveFolders(home)) {
    for (const { archive, bytes, sha256 } of readCatalog(folder)) {
      if (!existsSync(join(folder, archive))) continue;
      const stored = unzip(join(folder, archive));
      expect({ archive, bytes: stored.length, sha256: sha256Of(stored) }).toEqual({ archive, bytes, sha256 });
    }
  }
  const now = readRegistryOf(home);
  expect(Object.keys(now)).toEqual(Object.keys(registry));
  expect(now[BYSTANDER]).toEqual(registry[BYSTANDER]);
  expect(statSync(bystander).size).toBeGreaterThan(0);
}

/** The same, and every archive is a whole copy. */
export function expectNothingLost(scene: Scene): void {
  expectArchivesReadable(scene);
  for (const { sessionId, original } of scene.sessions) {
    const own = archivesIn(scene.home.root).filter((path) => basename(path).startsWith(sessionId));
    for (const path of own) expect(unzip(path).equals(original), `${path} is whole`).toBe(true);
  }
}

/** Both sessions are rotated as by one undisturbed run, and nothing tells that it was not one. */
export function expectRotated({ home, sessions, registry }: Scene): void {
  const now = readRegistryOf(home);
  for (const { dialect, key, sessionId, path } of sessions) {
    const { sessionId: freshId, updatedAt, ...entry } = now[key] ?? {};
    if (dialect === "claude-code") {
      expect(statSync(path).size).toBe(0);
      expect(statSync(path).mode & 0o777).toBe(0o600);
      // not what `--continue` would open first
      expect(statSync(path).mtimeMs, "time of the emptied file").toBeLessThan(Date.now() - 60_000);
      const { cliSessionIds, cliSessionBindings, claudeCliSessionId, ...rest } = registry[key] as Record<
        string,
        object
      >;
      expect({ ...entry, sessionId: freshId, updatedAt }).toEqual(rest);
    } else {
      expect(existsSync(path), "the old transcript").toBe(false);
      expect(freshId).not.toBe(sessionId);
      expect(entry).toEqual({ thinkingLevel: "high", systemSent: false });
    }
    const folder = join(home[dialect === "openclaw" ? "openclaw" : "claude"], "session-archives");
    const catalogued = readCatalog(folder).filter((record) => record.sessionId === sessionId);
    expect(catalogued.length).toBeGreaterThan(0);
    expect(catalogued.every(({ archive }) => existsSync(join(folder, archive)))).toBe(true);
    const told = notesIn(home).flatMap((note) =>
      catalogued.map(({ archive }) => note.split(basename(archive)).length - 1),
    );
    expect(Math.max(...told), "notes of an archive in one file").toBe(1);
  }
  expect(leftovers(home)).toEqual([]);
}

/** What a run may leave only by an accident: drafts, things set aside, half archives, locks. */
export function leftovers(home: Home): string[] {
  return allFiles(home.root).filter((name) => /\.(old|draft|partial|lock|tmp)$|\.lock\.|\.session-keeper-/.test(name));
}

/** Whether a file can lose its first blocks where the scratch homes are. */
export function canCollapseIn(folder: string): boolean {
  const path = join(folder, "scratch");
  writeFileSync(path, Buffer.alloc(16_384));
  const { status } = spawnSync("fallocate", ["--collapse-range", "--offset", "0", "--length", "4096", path]);
  rmSync(path);
  return status === 0;
}

export const CANNOT_COLLAPSE = "this file system cannot collapse ranges, or the fallocate command is missing";

export function allFiles(folder: string): string[] {
  return (readdirSync(folder, { recursive: true }) as string[]).sort();
}

export function linesIn(path: string): string[] {
  return existsSync(path) ? linesOf(readFileSync(path)) : [];
}

export function linesOf(bytes: Buffer): string[] {
  return bytes.toString("latin1").split("\n").filter(Boolean);
}

function archiveFolders({ claude, openclaw }: Home): string[] {
  return [claude, openclaw]
    .map((home) => join(home, "session-archives"))
    .filter((folder) => existsSync(catalogPathOf(folder)));
}

function notesIn(home: Home): string[] {
  const names = allFiles(home.root).filter((name) => name.endsWith(".md"));
  return names.map((name) => readFileSync(join(home.root, name), "utf8"));
}

function sha256Of(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

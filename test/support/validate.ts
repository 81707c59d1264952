import { randomUUID } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import type { ReportDocument } from "../../src/report/document.ts";
import { age, type Home, sessionsFolder, snapshot } from "./home.ts";
import { keeperJson } from "./keeper.ts";
import { transcriptOf, written } from "./unregistered.ts";

export const MINUTE = 60_000;
export const DAY = 86_400_000;

type Talk = {
  sessionId?: string;
  agent?: string;
  /** how long ago the last row was written */
  idleMs?: number;
  /** the file's name; that of the session when absent */
  name?: string;
  messages?: readonly string[];
  tail?: readonly object[];
};

/** A conversation of OpenClaw on disk, no registry entry. `lastAt`: the time of its last row. */
export function addTalk(home: Home, talk: Talk = {}): { sessionId: string; path: string; lastAt: number } {
  const sessionId = talk.sessionId ?? randomUUID();
  const folder = sessionsFolder(home, talk.agent);
  mkdirSync(folder, { recursive: true });
  const path = join(folder, talk.name ?? `${sessionId}.jsonl`);
  const text = transcriptOf(talk.messages ?? [written.telegramDirect], { id: sessionId, tail: talk.tail ?? [] });
  const idleMs = talk.idleMs ?? 10 * MINUTE;
  const lastAt = Math.floor(Date.now() - idleMs);
  writeFileSync(path, endingAt(text, lastAt), { mode: 0o600 });
  age(path, idleMs);
  return { sessionId, path, lastAt };
}

/** The same rows, with the last one written at another time. */
export function endingAt(text: string, lastAt: number): string {
  const stamp = /"timestamp":"([^"]+)"/g;
  const times = [...text.matchAll(stamp)].map(([, iso = ""]) => Date.parse(iso));
  const by = lastAt - Math.max(...times);
  return text.replace(stamp, (_, iso: string) => `"timestamp":"${new Date(Date.parse(iso) + by).toISOString()}"`);
}

/** Puts more into the gateway's configuration. */
export function configureGateway({ openclaw }: Home, more: Record<string, unknown>): void {
  const path = join(openclaw, "openclaw.json");
  writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, "utf8")), ...more }));
}

/** Each person has a session, as in the key that tests use for one. */
export const A_SESSION_EACH = { session: { dmScope: "per-channel-peer" } };

/** An entry as the gateway writes it after a direct message. */
export function entryFor(
  session: { sessionId: string; path?: string; lastAt?: number },
  more: Record<string, unknown> = {},
): Record<string, unknown> {
  const { sessionId, path, lastAt = Date.now() - 10 * MINUTE } = session;
  return { sessionId, updatedAt: lastAt, ...(path ? { sessionFile: path } : {}), systemSent: true, ...more };
}

export type Validated = ReportDocument & { status: number | null; stderr: string };

export function validate(home: Home, ...more: string[]): Promise<Validated> {
  return keeperJson(["validate-registry", ...home.args, ...more]);
}

export function repair(home: Home, ...more: string[]): Promise<Validated> {
  return validate(home, "--repair", ...more);
}

export function findingsOf({ installations }: ReportDocument) {
  return installations[0]?.findings ?? [];
}

/** What was found, in short: the severity and the kind. */
export function kindsOf(report: ReportDocument): string[] {
  return findingsOf(report).map(({ severity, kind }) => `${severity} ${kind}`);
}

export function actionsOf({ installations }: ReportDocument) {
  return installations[0]?.actions ?? [];
}

/** The copies that a repair made beside a registry, by name. */
export function backupsOf(home: Home, agent = "main"): string[] {
  return readdirSync(sessionsFolder(home, agent))
    .filter((name) => /^sessions\.json\.bak-\d{8}-\d{6}(-\d+)?$/.test(name))
    .sort();
}

export function registryPath(home: Home, agent = "main"): string {
  return join(sessionsFolder(home, agent), "sessions.json");
}

export function mtimeOf(path: string): number {
  return statSync(path).mtimeMs;
}

/** Bytes, modes and times of both homes. */
export function bothHomes(home: Home): Record<string, string>[] {
  return [snapshot(home.openclaw), snapshot(home.claude)];
}

/** The text of the registry. */
export function textOf(home: Home): string {
  return readFileSync(registryPath(home), "utf8");
}

/** A second repair finds nothing and changes nothing. */
export async function expectSettled(home: Home): Promise<void> {
  const [text, at] = [textOf(home), mtimeOf(registryPath(home))];
  const backups = backupsOf(home);
  const again = await repair(home);
  expect(findingsOf(again).filter(({ severity }) => severity !== "info")).toEqual([]);
  expect(actionsOf(again)).toEqual([]);
  expect(again.status).toBe(0);
  expect([textOf(home), mtimeOf(registryPath(home))]).toEqual([text, at]);
  expect(backupsOf(home)).toEqual(backups);
}

/** The undo of a run gives back the registry's bytes, at a later time, and keeps its mode. */
export async function expectUndone(home: Home, runId: string, before: string): Promise<void> {
  const at = mtimeOf(registryPath(home));
  const { mode } = statSync(registryPath(home));
  const undone = await keeperJson(["restore", "undo", runId, ...home.args]);
  expect(findingsOf(undone)).toEqual([]);
  expect(undone.status).toBe(0);
  expect(textOf(home)).toBe(before);
  expect(mtimeOf(registryPath(home))).toBeGreaterThan(at);
  expect(statSync(registryPath(home)).mode).toBe(mode);
}

import { readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { expect } from "vitest";
import { readCatalog } from "../../src/archive/catalog.ts";
import { age, readRegistryOf } from "../support/home.ts";
import { keeperHere } from "../support/keeper-here.ts";
import { writeTranscript } from "../support/transcript-generator.ts";
import { leftovers, linesIn, linesOf, type Scene, type Session, setScene } from "./scene.ts";

export type Shortening = "cut" | "digest";
/** A home with a session that can be cut, or of which a digest can be made. */
export type ShorteningScene = Scene & { session: Session; strategy: Shortening; mtimeMs: number };

const DIGEST_BYTES = 16_000;
const SEGMENT = /^\{"type":"(?:segment-header"|custom","customType":"segment-header")/;

export function setShorteningScene(dialect: Session["dialect"], strategy: Shortening): ShorteningScene {
  const scene = setScene([dialect]);
  const [session] = scene.sessions;
  if (!session) throw new Error("the scene has no session");
  writeTranscript(session.path, { dialect, bytes: 60_000, boundaries: 2, sessionId: session.sessionId });
  age(session.path, 120_000);
  session.original = readFileSync(session.path);
  return { ...scene, session, strategy, mtimeMs: statSync(session.path).mtimeMs };
}

/** The session is as one undisturbed run leaves it, goes on under its id, and nothing tells that it was not one. */
export async function expectShortened({ home, session, strategy, registry, mtimeMs }: ShorteningScene): Promise<void> {
  const { path, sessionId, key, dialect, original } = session;
  const lines = linesIn(path);
  const at = dialect === "openclaw" ? 1 : 0;
  expect(lines.filter((line) => SEGMENT.test(line))).toEqual([lines[at]]);
  const row = JSON.parse(lines[at] ?? "");
  const header = dialect === "openclaw" ? row.data : row;
  const folder = join(dialect === "openclaw" ? home.openclaw : home.claude, "session-archives");
  const records = readCatalog(folder).filter((record) => record.sessionId === sessionId);
  const parent = records.find(({ archive }) => basename(archive) === header.parentFile);
  expect(parent).toMatchObject({ purpose: strategy });
  expect(header).toMatchObject({ rootSession: sessionId, segmentIndex: (parent?.segment ?? 0) + 1 });
  const stat = statSync(path);
  expect([stat.mode & 0o777, stat.mtimeMs]).toEqual([0o600, mtimeMs]);
  if (strategy === "digest") expect(stat.size).toBeLessThanOrEqual(DIGEST_BYTES);
  else if (dialect === "claude-code") {
    const all = linesOf(original);
    expect(lines.slice(1)).toEqual(all.slice(all.findLastIndex((line) => line.includes('"compact_boundary"'))));
  } else expect(stat.size).toBeLessThan(original.length / 2);
  const { totalTokens, ...entry } = registry[key] as Record<string, unknown>;
  expect(readRegistryOf(home)[key]).toEqual(dialect === "openclaw" ? entry : registry[key]);
  expect(leftovers(home)).toEqual([]);
  expect(await historyOf(session, home.args)).toBe(original.toString() + rowsOfOurs(lines, strategy, dialect));
}

/** A digest that holds no reply begins anew: its own rows are in the history. */
function rowsOfOurs(lines: readonly string[], strategy: Shortening, dialect: Session["dialect"]): string {
  const last = Buffer.from(`${lines.at(-1)}\n`, "latin1").toString();
  return strategy === "digest" && dialect === "openclaw" ? last : "";
}

/** The whole conversation, as `restore` puts it together. */
export async function historyOf({ sessionId }: Session, args: readonly string[]): Promise<string> {
  const { bytes, error, exitCode } = await keeperHere(["restore", "get", sessionId, "--full", ...args]);
  expect({ error, exitCode }).toEqual({ exitCode: 0 });
  return bytes.toString();
}

import { chmodSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import type { Session } from "../crash/scene.ts";
import { setShorteningScene } from "../crash/shortening-scene.ts";
import type { Home } from "./home.ts";
import { keeper, keeperJson } from "./keeper.ts";

type Strategy = "cut" | "digest" | "empty";

/** A home with a session that is too large, of a mode that no program gives. */
export function makeTooLarge(dialect: Session["dialect"], strategy: Strategy): { home: Home; session: Session } {
  const { home, session } = setShorteningScene(dialect, strategy === "empty" ? "digest" : strategy);
  chmodSync(session.path, 0o640);
  return { home, session };
}

/** Rotates and returns the run's id, as a person would read it. */
export async function rotate(home: Home, strategy: Strategy, more: string[] = []): Promise<string> {
  const { stdout } = await keeper(["rotate", "--strategy", strategy, "--max-size", "20KB", ...home.args, ...more]);
  const [line = ""] = stdout.match(/^to undo it: .*$/m) ?? [];
  const [, id = "", places] = /restore undo (\S+)(.*)/.exec(line) ?? [];
  expect(places, "the line leads to the same homes").toContain(`--state-dir ${home.state}`);
  expect(stdout).toContain(`run ${id}:`);
  return id;
}

export type Undone = Awaited<ReturnType<typeof keeperJson>>;

export function undo(home: Home, id: string, ...more: string[]): Promise<Undone> {
  return keeperJson(["restore", "undo", id, ...home.args, ...more]);
}

/** What became of each step. */
export function resultsOf({ installations }: Pick<Undone, "installations">): string[] {
  return (installations[0]?.actions ?? []).map(({ kind, result }) => `${kind} ${result}`);
}

/** What stood in the way, in words. */
export function obstaclesOf({ installations }: Undone): string[] {
  const findings = installations[0]?.findings ?? [];
  return findings.filter(({ severity }) => severity !== "info").map(({ message }) => message);
}

const OURS = /(^|\/)(state|session-archives)(\/|$)|^changes\.log$/;

/** Every file of the home but our own: bytes, mode and time; of a registry without the time. Folders by name. */
export function filesOf({ root }: Home): Record<string, string> {
  const names = (readdirSync(root, { recursive: true }) as string[]).filter((name) => !OURS.test(name)).sort();
  const files = names.map((name) => {
    const stat = statSync(join(root, name));
    if (!stat.isFile()) return [name, "folder"];
    const time = name.endsWith("sessions.json") ? "" : stat.mtimeMs.toFixed(2);
    return [name, `${time} ${stat.mode.toString(8)} ${readFileSync(join(root, name)).toString("base64")}`];
  });
  return Object.fromEntries(files);
}

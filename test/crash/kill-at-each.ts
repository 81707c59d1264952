import { existsSync, readdirSync, readFileSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import type { Home } from "../support/home.ts";
import { keeper, keeperJson } from "../support/keeper.ts";
import { keeperHere } from "../support/keeper-here.ts";
import { shareOf } from "../support/thoroughness.ts";

const preload = join(import.meta.dirname, "kill-at-change.cjs");
/** Homes at once: most of a run's time is waiting. */
const AT_ONCE = 6;

/** What a run changed on the disk: the how-manieth, how, and where. */
export type Change = { n: number; what: string; path: string };

/** A home, the command line of the run that is killed, and that of the one after it. */
export type Attempt = { home: Home; args: string[]; nextArgs: string[]; end?: () => void };

type Story<A extends Attempt> = {
  prepare: () => A | Promise<A>;
  /** the changes worth a kill, of all that an undisturbed run makes */
  choose: (changes: Change[]) => Change[];
  checkAfterKill: (attempt: A) => void;
  /** of the run after the kill; default: 0 */
  worstStatus?: number;
  checkAtEnd: (attempt: A, change: Change) => Promise<void> | void;
};

/** Kills runs, each in place of another change and in a home of its own, and has a healthy one follow at once. */
export async function killAtEach<A extends Attempt>(story: Story<A>): Promise<void> {
  const undisturbed = await story.prepare();
  const { status, stderr, changes } = await runWithPreload(undisturbed, 0);
  undisturbed.end?.();
  undisturbed.home.remove();
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  const places = story.choose(changes);
  expect(places.length).toBeGreaterThan(4);
  const chosen = shareOf(places);
  const wrong: string[] = [];
  for (let at = 0; at < chosen.length; at += AT_ONCE) {
    const ends = chosen.slice(at, at + AT_ONCE).map((change) => killAt(change, story));
    wrong.push(...(await Promise.all(ends)).flat());
  }
  expect(wrong).toEqual([]);
}

/** Each line of the journal is written alike, and so is each further piece of a file. */
export function withoutRepetition(changes: Change[]): Change[] {
  const firstOfJournal = changes.find(({ path }) => path.endsWith("journal.jsonl"));
  return changes.filter((change, index) => {
    if (change.path.endsWith("journal.jsonl")) return change === firstOfJournal;
    const before = changes[index - 1];
    return before?.what !== change.what || before.path !== change.path;
  });
}

/** Returns what was wrong, in words. */
async function killAt<A extends Attempt>(change: Change, story: Story<A>): Promise<string[]> {
  const attempt = await story.prepare();
  let last = change;
  try {
    const killed = await runWithPreload(attempt, change.n);
    expect(killed.signal).toBe("SIGKILL");
    last = killed.changes.at(-1) ?? change;
    story.checkAfterKill(attempt);
    if (change.n % 10 !== 0) ageRunLocks(attempt.home);
    const begun = Date.now();
    // what follows on a kill shows here as well; that a process of its own does the same is tried once in ten times
    const { installations, exitCode } = await (change.n % 10 === 3 ? keeperJson : keeperHere)(attempt.nextArgs);
    expect(Date.now() - begun, "time of the next run").toBeLessThan(15_000);
    expect(installations[0]?.failure).toBeUndefined();
    expect(exitCode).toBeLessThanOrEqual(story.worstStatus ?? 0);
    await story.checkAtEnd(attempt, last);
    return [];
  } catch (error) {
    return [`${last.n} ${last.what} ${last.path}: ${(error as Error).message}`];
  } finally {
    attempt.end?.();
    attempt.home.remove();
  }
}

async function runWithPreload({ home, args }: Attempt, n: number) {
  const log = join(home.root, "changes.log");
  const env = { NODE_OPTIONS: `--require ${preload}`, KILL_AT_CHANGE: String(n), KILL_LOG: log };
  const { signal, status, stderr } = await keeper(args, env);
  const changes = readFileSync(log, "utf8").trim().split("\n").map(parseChange);
  return { signal, status, stderr, changes };
}

function parseChange(line: string): Change {
  const [, n, what = "", path = ""] = /^(\d+) (\w+) (.*)$/.exec(line) ?? [];
  return { n: Number(n), what, path };
}

/** A killed run's lock is waited for while it is young; that is tried once in ten times. */
export function ageRunLocks({ state }: Home): void {
  const locks = join(state, "locks");
  const then = Date.now() / 1000 - 10;
  if (existsSync(locks)) for (const name of readdirSync(locks)) utimesSync(join(locks, name), then, then);
}

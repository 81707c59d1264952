import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import type { ReportDocument } from "../../src/report/document.ts";
import { readRegistryOf } from "../support/home.ts";
import { keeper } from "../support/keeper.ts";
import { condemn, restartsOf, withRestart } from "./bot.ts";
import {
  CANNOT_COLLAPSE,
  canCollapseIn,
  expectArchivesReadable,
  expectNothingLost,
  expectRotated,
  leftovers,
  type Scene,
  setScene,
} from "./scene.ts";

vi.setConfig({ testTimeout: 180_000 }); // many runs of the program, on a machine that may be slow

const preload = join(import.meta.dirname, "kill-at-change.cjs");
/** Homes at once: most of a run's time is waiting. */
const AT_ONCE = 6;

type Change = { n: number; what: string; path: string };
type Attempt = { scene: Scene; args: string[]; end?: () => void };
type Story = {
  prepare: () => Attempt;
  /** the changes worth a kill, of all that an undisturbed run makes */
  choose: (changes: Change[]) => Change[];
  checkAfterKill: (attempt: Attempt) => void;
  /** of the run after the kill; default: 0 */
  worstStatus?: number;
  checkAtEnd: (attempt: Attempt, change: Change) => Promise<void> | void;
};

async function runWithPreload({ scene, args }: Attempt, n: number) {
  const log = join(scene.home.root, "changes.log");
  const env = { NODE_OPTIONS: `--require ${preload}`, KILL_AT_CHANGE: String(n), KILL_LOG: log };
  const { signal, status, stderr } = await keeper(["rotate", ...args], env);
  const changes = readFileSync(log, "utf8").trim().split("\n").map(parseChange);
  return { signal, status, stderr, changes };
}

function parseChange(line: string): Change {
  const [, n, what = "", path = ""] = /^(\d+) (\w+) (.*)$/.exec(line) ?? [];
  return { n: Number(n), what, path };
}

/** A killed run's lock is waited for while it is young; that is tried once in ten times. */
function ageRunLocks({ home }: Scene): void {
  const locks = join(home.state, "locks");
  const then = Date.now() / 1000 - 10;
  if (existsSync(locks)) for (const name of readdirSync(locks)) utimesSync(join(locks, name), then, then);
}

/** Kills a run in place of one change, and has a healthy one follow at once. Returns what was wrong, in words. */
async function killAt(change: Change, story: Story): Promise<string[]> {
  const attempt = story.prepare();
  let last = change;
  try {
    const killed = await runWithPreload(attempt, change.n);
    expect(killed.signal).toBe("SIGKILL");
    last = killed.changes.at(-1) ?? change;
    story.checkAfterKill(attempt);
    if (change.n % 10 !== 0) ageRunLocks(attempt.scene);
    const begun = Date.now();
    const next = await keeper(["rotate", "--json", ...attempt.args]);
    expect(Date.now() - begun, "time of the next run").toBeLessThan(8000);
    const { installations } = JSON.parse(next.stdout) as ReportDocument;
    expect(installations[0]?.failure).toBeUndefined();
    expect(next.status).toBeLessThanOrEqual(story.worstStatus ?? 0);
    await story.checkAtEnd(attempt, last);
    return [];
  } catch (error) {
    return [`${last.n} ${last.what} ${last.path}: ${(error as Error).message}`];
  } finally {
    attempt.end?.();
    attempt.scene.home.remove();
  }
}

async function tell(story: Story): Promise<void> {
  const undisturbed = story.prepare();
  const { status, stderr, changes } = await runWithPreload(undisturbed, 0);
  undisturbed.end?.();
  undisturbed.scene.home.remove();
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  const chosen = story.choose(changes);
  expect(chosen.length).toBeGreaterThan(5);
  const wrong: string[] = [];
  for (let at = 0; at < chosen.length; at += AT_ONCE) {
    const ends = chosen.slice(at, at + AT_ONCE).map((change) => killAt(change, story));
    wrong.push(...(await Promise.all(ends)).flat());
  }
  expect(wrong).toEqual([]);
}

/** Each line of the journal is written alike, and nothing but the journal differs after it. */
function withoutRepetition(changes: Change[]): Change[] {
  const firstOfJournal = changes.find(({ path }) => path.endsWith("journal.jsonl"));
  return changes.filter((change) => !change.path.endsWith("journal.jsonl") || change === firstOfJournal);
}

const forSize = ({ home }: Scene) => ["--max-size", "2KB", ...home.args];

it.each(["claude-code", "openclaw"] as const)(
  "a run killed at any change while it rotates a session of %s loses nothing, and the next one finishes",
  async (dialect) => {
    await tell({
      prepare: () => {
        const scene = setScene([dialect]);
        return { scene, args: forSize(scene) };
      },
      // how a run takes its own lock and what it writes into an archive is the same for both
      choose: (changes) =>
        withoutRepetition(changes).filter(
          ({ path }) => dialect === "claude-code" || !/\/state\/locks\/|\.partial$/.test(path),
        ),
      checkAfterKill: ({ scene }) => expectNothingLost(scene),
      checkAtEnd: ({ scene }) => {
        expectNothingLost(scene);
        expectRotated(scene);
      },
    });
  },
);

it("a run killed while it deals with a condemned session restarts the gateway after all, and no run after that", async () => {
  await tell({
    prepare: () => {
      const scene = setScene(["claude-code"]);
      condemn(scene.home);
      return { scene, args: withRestart(scene.home, 0) };
    },
    choose: (changes) => {
      const own = withoutRepetition(changes).filter(({ path }) => !/session-archives|memory|locks|\.lock/.test(path));
      return own.slice(own.findIndex(({ path }) => path.includes("sessions.json")));
    },
    checkAfterKill: ({ scene }) => expectNothingLost(scene),
    worstStatus: 1, // the log line is read once more, and its session may have been forgotten by then
    checkAtEnd: async ({ scene, args }, { path }) => {
      expectRotated(scene);
      // once more than needed only if the kill fell between the restart and the note of it
      const most = path.includes("installations") ? 2 : 1;
      expect(restartsOf(scene.home)).toBeGreaterThanOrEqual(1);
      expect(restartsOf(scene.home)).toBeLessThanOrEqual(most);
      const before = restartsOf(scene.home);
      expect((await keeper(["rotate", ...args])).status).toBe(0);
      expect(restartsOf(scene.home)).toBe(before);
    },
  });
});

it("a run killed while it shortens a file that somebody keeps open loses nothing, and the next one finishes", async ({
  skip,
}) => {
  skip(!canCollapseIn(tmpdir()), CANNOT_COLLAPSE);
  await tell({
    prepare: () => {
      const scene = setScene(["claude-code"]);
      const [session] = scene.sessions;
      const holder = spawn("sh", ["-c", `exec 3>>"$0"; exec sleep 60`, session?.path ?? ""], { stdio: "ignore" });
      while (!readdirSync(`/proc/${holder.pid}/fd`).includes("3"));
      const args = ["--force", "--session", session?.sessionId ?? "", ...scene.home.args];
      return { scene, args, end: () => holder.kill("SIGKILL") };
    },
    choose: (changes) => {
      const own = withoutRepetition(changes);
      return own.slice(own.findIndex(({ path }) => path.endsWith(".draft") && path.includes("projects")));
    },
    checkAfterKill: ({ scene }) => expectArchivesReadable(scene),
    checkAtEnd: ({ scene }) => {
      expectArchivesReadable(scene);
      const [session] = scene.sessions;
      expect(readFileSync(session?.path ?? "", "utf8").trim()).toBe("");
      expect(statSync(session?.path ?? "").size).toBeLessThan(4096);
      expect(readRegistryOf(scene.home)[session?.key ?? ""]).not.toHaveProperty("cliSessionIds");
      expect(leftovers(scene.home)).toEqual([]);
    },
  });
});

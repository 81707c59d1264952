import { spawn } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { expect, it, vi } from "vitest";
import { readRegistryOf } from "../support/home.ts";
import { keeper } from "../support/keeper.ts";
import { condemn, restartsOf, withRestart } from "./bot.ts";
import { type Attempt, killAtEach, withoutRepetition } from "./kill-at-each.ts";
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

type SceneAttempt = Attempt & { scene: Scene };

function attemptOf(scene: Scene, options: string[]): SceneAttempt {
  const args = ["rotate", "--strategy", "empty", ...options];
  return { scene, home: scene.home, args, nextArgs: args };
}

const forSize = ({ home }: Scene) => ["--max-size", "2KB", ...home.args];

it.each(["claude-code", "openclaw"] as const)(
  "a run killed at any change while it rotates a session of %s loses nothing, and the next one finishes",
  async (dialect) => {
    await killAtEach<SceneAttempt>({
      prepare: () => {
        const scene = setScene([dialect]);
        return attemptOf(scene, forSize(scene));
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
  await killAtEach<SceneAttempt>({
    prepare: () => {
      const scene = setScene(["claude-code"]);
      condemn(scene.home);
      return attemptOf(scene, withRestart(scene.home, 0));
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
      expect((await keeper(args)).status).toBe(0);
      expect(restartsOf(scene.home)).toBe(before);
    },
  });
});

it("a run killed while it shortens a file that somebody keeps open loses nothing, and the next one finishes", async ({
  skip,
}) => {
  skip(!canCollapseIn(tmpdir()), CANNOT_COLLAPSE);
  await killAtEach<SceneAttempt>({
    prepare: () => {
      const scene = setScene(["claude-code"]);
      const [session] = scene.sessions;
      const holder = spawn("sh", ["-c", `exec 3>>"$0"; exec sleep 60`, session?.path ?? ""], { stdio: "ignore" });
      while (!readdirSync(`/proc/${holder.pid}/fd`).includes("3"));
      const args = ["--force", "--session", session?.sessionId ?? "", ...scene.home.args];
      return { ...attemptOf(scene, args), end: () => holder.kill("SIGKILL") };
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

import { expect, it, vi } from "vitest";
import { keeperHere } from "../support/keeper-here.ts";
import { filesOf } from "../support/undo.ts";
import { setDamagedScene } from "./damaged-scene.ts";
import { type Attempt, killAtEach, withoutRepetition } from "./kill-at-each.ts";
import { expectArchivesReadable, leftovers, type Scene } from "./scene.ts";
import { setShorteningScene } from "./shortening-scene.ts";

vi.setConfig({ testTimeout: 180_000 }); // many runs of the program, on a machine that may be slow

const WAYS = {
  cut: ["rotate", "--strategy", "cut", "--max-size", "20KB"],
  digest: ["rotate", "--strategy", "digest", "--max-size", "20KB"],
  empty: ["rotate", "--strategy", "empty", "--max-size", "20KB"],
  repair: ["detect-corruption", "--repair"],
};
type Way = keyof typeof WAYS;
type UndoAttempt = Attempt & { scene: Scene; before: Record<string, string> };

it.each([
  ["claude-code", "cut"],
  ["claude-code", "empty"],
  ["claude-code", "repair"],
  ["openclaw", "digest"],
  ["openclaw", "empty"],
] as const)(
  "an undo of a session of %s (%s) that is killed at any change is finished by the next one",
  async (dialect, way) => {
    await killAtEach<UndoAttempt>({
      prepare: () => prepare(dialect, way),
      choose: (changes) => withoutRepetition(changes).filter(({ path }) => !path.includes("/state/locks/")),
      checkAfterKill: ({ scene }) => expectArchivesReadable(scene),
      checkAtEnd: ({ home, scene, before }) => {
        expectArchivesReadable(scene);
        // the lock of a run that had done all is taken over by the next one that has something to do
        expect(leftovers(home).filter((name) => !name.startsWith("state/locks"))).toEqual([]);
        expect(filesOf(home)).toEqual(before);
      },
    });
  },
);

/** A home in which a run has changed a session, and the command line that undoes it. */
async function prepare(dialect: "claude-code" | "openclaw", way: Way): Promise<UndoAttempt> {
  const scene =
    way === "repair" ? setDamagedScene(dialect) : setShorteningScene(dialect, way === "cut" ? "cut" : "digest");
  const { home } = scene;
  const before = filesOf(home);
  const { runId } = await keeperHere([...WAYS[way], ...home.args]);
  expect(filesOf(home)).not.toEqual(before);
  const args = ["restore", "undo", runId, ...home.args];
  return { home, scene, before, args, nextArgs: args };
}

import { it, vi } from "vitest";
import { type Attempt, killAtEach, withoutRepetition } from "./kill-at-each.ts";
import { expectArchivesReadable } from "./scene.ts";
import { expectShortened, type ShorteningScene, setShorteningScene } from "./shortening-scene.ts";

vi.setConfig({ testTimeout: 180_000 }); // many runs of the program, on a machine that may be slow

const ways = [
  ["claude-code", "cut"],
  ["claude-code", "digest"],
  ["openclaw", "cut"],
  ["openclaw", "digest"],
] as const;

it.each(ways)(
  "a run killed at any change while it shortens a session of %s (%s) loses nothing, and the next one finishes",
  async (dialect, strategy) => {
    await killAtEach<Attempt & { scene: ShorteningScene }>({
      prepare: () => {
        const scene = setShorteningScene(dialect, strategy);
        const args = ["rotate", "--strategy", strategy, "--max-size", "20KB", ...scene.home.args];
        return { scene, home: scene.home, args, nextArgs: args };
      },
      // how a run takes its own lock and what it writes into an archive is tried elsewhere
      choose: (changes) => withoutRepetition(changes).filter(({ path }) => !/\/state\/locks\/|\.partial$/.test(path)),
      checkAfterKill: ({ scene }) => expectArchivesReadable(scene),
      worstStatus: 1, // what is left may still be larger than the limit of this test
      checkAtEnd: ({ scene }) => expectShortened(scene),
    });
  },
);

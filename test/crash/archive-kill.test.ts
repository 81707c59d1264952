import { it, vi } from "vitest";
import { type ArchiveScene, expectArchived, expectNoGap, setArchiveScene } from "./archive-scene.ts";
import { type Attempt, type Change, killAtEach, withoutRepetition } from "./kill-at-each.ts";

vi.setConfig({ testTimeout: 180_000 }); // many runs of the program, on a machine that may be slow

it("a run killed at any change while it archives loses nothing, and the next one ends as if it had not been killed", async () => {
  await killAtEach<Attempt & { scene: ArchiveScene }>({
    prepare: () => {
      const scene = setArchiveScene();
      const args = ["archive", ...scene.home.args];
      return { scene, home: scene.home, args, nextArgs: args };
    },
    choose,
    checkAfterKill: ({ scene }) => expectNoGap(scene),
    checkAtEnd: ({ scene }) => expectArchived(scene),
  });
});

/** How a run takes its own lock and what it writes into an archive is tried elsewhere; of the transcripts' locks one is enough. */
function choose(changes: Change[]): Change[] {
  const own = withoutRepetition(changes).filter(({ path }) => !/\/state\/locks\/|\.partial$/.test(path));
  const [first] = own.flatMap(({ path }) => /^.+\.jsonl\.lock/.exec(path) ?? []);
  return own.filter(({ path }) => !/\.jsonl\.lock/.test(path) || path.startsWith(first ?? ""));
}

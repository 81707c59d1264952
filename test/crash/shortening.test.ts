import { spawn } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { type FailStory, failAtEach } from "./fail-at-each.ts";
import { type Call, type FaultKind, worthFailing } from "./failing-disk.ts";
import { pretendItEnded, shortenInProcess } from "./in-process.ts";
import { type Attempt, killAtEach, withoutRepetition } from "./kill-at-each.ts";
import { expectArchivesReadable, leftovers, linesIn } from "./scene.ts";
import { expectShortened, historyOf, type ShorteningScene, setShorteningScene } from "./shortening-scene.ts";

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

describe.each(ways)("a disk that fails at any one call while it shortens a session of %s (%s)", (dialect, strategy) => {
  it.each<FaultKind>(["instead", "halfway", "afterwards"])(
    "loses nothing, and the next run ends as if it had not failed (the error comes %s)",
    async (kind) => {
      const choose = (calls: Call[]) => worthFailing(calls, kind);
      const prepare = () => setShorteningScene(dialect, strategy);
      const attempt: FailStory<ShorteningScene>["attempt"] = async (scene, disk, failed) => {
        const { report } = await shortenInProcess(scene.home, strategy, disk);
        expectArchivesReadable(scene);
        const [last] = report.actions.filter(({ kind }) => kind === `${strategy}-transcript`);
        const isShort = !readFileSync(scene.session.path).equals(scene.session.original);
        expect(isShort, "what is told of it").toBe(last?.result === "done");
        pretendItEnded(scene.home.root);
        // one that cannot be removed stays; gateways take it at once, because its owner is gone
        const locks =
          failed()?.name === "remove" ? leftovers(scene.home).filter((name) => name.endsWith(".jsonl.lock")) : [];
        expect((await shortenInProcess(scene.home, strategy)).report.failure).toBeUndefined();
        expectArchivesReadable(scene);
        for (const name of locks) rmSync(join(scene.home.root, name));
        await expectShortened(scene);
      };
      await failAtEach({ kind, prepare, choose, attempt });
    },
  );
});

const CUTS = 200;

it("two hundred cuts under a writer at full speed lose no line, and leave each in its place", async () => {
  const scene = setShorteningScene("claude-code", "cut");
  const { session, home } = scene;
  writeFileSync(session.path, "");
  const stop = join(home.root, "stop");
  const script = join(import.meta.dirname, "write-conversation.cjs");
  const writer = spawn(process.execPath, [script, session.path, stop], { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  writer.stdout.on("data", (data) => (output += data));
  const ended = new Promise((resolve) => writer.once("close", resolve));
  try {
    let cuts = 0;
    for (let runs = 0; cuts < CUTS && runs < 2 * CUTS; runs += 1) {
      const { report } = await shortenInProcess(home, "cut");
      const last = report.actions.find(({ kind }) => kind === "cut-transcript");
      if (last?.result === "done") cuts += 1;
    }
    expect(cuts).toBe(CUTS);
  } finally {
    writeFileSync(stop, "");
    await ended;
  }
  const written = Number(output.trim().split("\n").at(-1));
  const numbers = (await historyOf(session, home.args))
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line).number);
  const misplaced = numbers.findIndex((number, index) => number !== index);
  expect(misplaced, `of ${numbers.length} lines, ${written} written`).toBe(-1);
  expect(numbers.length).toBe(written);
  expect(linesIn(session.path).length).toBeLessThan(written);
  expect(leftovers(home)).toEqual([]);
  home.remove();
});

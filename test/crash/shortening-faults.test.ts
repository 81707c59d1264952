import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { type FailStory, failAtEach } from "./fail-at-each.ts";
import { type Call, type FaultKind, worthFailing } from "./failing-disk.ts";
import { pretendItEnded, shortenInProcess } from "./in-process.ts";
import { expectArchivesReadable, leftovers } from "./scene.ts";
import { expectShortened, type ShorteningScene, setShorteningScene } from "./shortening-scene.ts";

vi.setConfig({ testTimeout: 180_000 }); // many runs of the program, on a machine that may be slow

const ways = [
  ["claude-code", "cut"],
  ["claude-code", "digest"],
  ["openclaw", "cut"],
  ["openclaw", "digest"],
] as const;

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

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it, vi } from "vitest";
import { expectMended, setDamagedScene } from "./damaged-scene.ts";
import { failAtEach } from "./fail-at-each.ts";
import { type FaultKind, worthFailing } from "./failing-disk.ts";
import { pretendItEnded, repairInProcess } from "./in-process.ts";

vi.setConfig({ testTimeout: 180_000 }); // many runs of the program, on a machine that may be slow

it.each<FaultKind>(["instead", "afterwards"])(
  "an index that leads into the transcript as it was is gone when that is mended, whichever call fails (the error comes %s)",
  async (kind) => {
    await failAtEach({
      kind,
      prepare: () => {
        const scene = setDamagedScene("claude-code");
        const index = join(dirname(scene.session.path), scene.session.sessionId, "resume-head.jsonl");
        mkdirSync(dirname(index));
        writeFileSync(index, '{"offset":1}\n');
        return { ...scene, index };
      },
      choose: (calls) => {
        const draft = calls.find(({ name }) => name === "createOf");
        return worthFailing(calls, kind).filter(({ n }) => n >= (draft?.n ?? calls.length));
      },
      attempt: async (scene, disk) => {
        await repairInProcess(scene.home, "rotate", disk);
        if (readFileSync(scene.session.path).equals(scene.mended)) expect(existsSync(scene.index)).toBe(false);
        pretendItEnded(scene.home.root);
        expect((await repairInProcess(scene.home, "detect-corruption")).exitCode).toBe(0);
        expectMended(scene);
        expect(existsSync(scene.index)).toBe(false);
      },
    });
  },
);

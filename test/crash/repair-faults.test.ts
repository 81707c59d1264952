import { appendFileSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { type Disk, openDisk } from "../../src/disk/disk.ts";
import { age } from "../support/home.ts";
import { type DamagedScene, expectMended, expectOriginalOrMended, lateRows, setDamagedScene } from "./damaged-scene.ts";
import { failAtEach } from "./fail-at-each.ts";
import { type Call, type FaultKind, worthFailing } from "./failing-disk.ts";
import { pretendItEnded, repairInProcess } from "./in-process.ts";
import { expectArchivesReadable, leftovers, type Scene } from "./scene.ts";

vi.setConfig({ testTimeout: 180_000 }); // many runs of the program, on a machine that may be slow

/** What one of the two commands left, the other one finishes. */
const cases = [
  ["claude-code", "rotate", "detect-corruption"],
  ["openclaw", "detect-corruption", "rotate"],
] as const;

/** One that cannot be removed stays; gateways take it at once, because its owner is gone. */
function leftoversBut(failed: Call | undefined, { home }: Scene): string[] {
  return leftovers(home).filter((name) => failed?.name !== "remove" || !name.endsWith(".jsonl.lock"));
}

function isAsItWas({ session }: DamagedScene): boolean {
  return readFileSync(session.path).equals(session.original);
}

describe.each(cases)(
  "a disk that fails at any one call while a session of %s is mended by %s",
  (dialect, command, next) => {
    it.each<FaultKind>(["instead", "halfway", "afterwards"])(
      "holds the original or the mended transcript, and the next run ends as if it had not failed (the error comes %s)",
      async (kind) => {
        await failAtEach({
          kind,
          prepare: () => setDamagedScene(dialect),
          choose: (calls) => worthFailing(calls, kind),
          attempt: async (scene, disk, failed) => {
            const disturbed = await repairInProcess(scene.home, command, disk);
            expectOriginalOrMended(scene);
            // a line of the journal that is missing is told, and does not make a repair fail
            const isTold = disturbed.report.actions.some(({ message }) =>
              /could not be (?:written|taken off)/.test(message),
            );
            if (!failed()) expectMended(scene);
            else if (!isTold) expect(disturbed.exitCode).toBe(3);
            if (kind === "instead" && failed()?.name !== "remove" && isAsItWas(scene))
              expect(leftovers(scene.home)).toEqual([]);
            pretendItEnded(scene.home.root);
            const healthy = await repairInProcess(scene.home, next);
            expect(healthy.report.failure).toBeUndefined();
            expect(healthy.exitCode).toBe(0);
            expectMended(scene);
            expect(leftoversBut(failed(), scene)).toEqual([]);
          },
        });
      },
    );
  },
);

/** The same disk, on which another process adds lines just before and just after the file gets the name that it is kept by. */
function withLateLines(disk: Disk, path: string, [first = "", ...rest]: readonly string[]): Disk {
  return {
    ...disk,
    link(from: string, to: string) {
      if (from !== path) return disk.link(from, to);
      appendFileSync(path, `${first}\n`);
      disk.link(from, to);
      appendFileSync(path, rest.map((line) => `${line}\n`).join(""));
    },
  };
}

describe.each(cases)(
  "lines that come in the moment in which a session of %s is mended by %s",
  (dialect, command, next) => {
    it.each<FaultKind>(["instead", "halfway", "afterwards"])(
      "stand at the end, once each and in their order, whichever call fails (the error comes %s)",
      async (kind) => {
        await failAtEach({
          kind,
          prepare: () => setDamagedScene(dialect),
          // what comes before the file is touched is tried above
          choose: (calls, { session }) => {
            const own = worthFailing(calls, kind);
            const swap = calls.find(({ name, path }) => name === "link" && path === session.path);
            return own.filter(({ n }) => n >= (swap?.n ?? calls.length));
          },
          attempt: async (scene, disk, failed) => {
            const { home, session, mended } = scene;
            const late = lateRows(scene);
            await repairInProcess(home, command, withLateLines(disk, session.path, late));
            // without the second name nothing came after it
            const written = failed()?.name === "link" ? late.slice(0, 1) : late;
            const expected = mended.toString() + written.map((line) => `${line}\n`).join("");
            if (!failed()) expect(readFileSync(session.path, "utf8")).toBe(expected);
            pretendItEnded(home.root);
            age(session.path, 120_000); // written to just now, it would be left for later
            const healthy = await repairInProcess(home, next);
            expect(healthy.report.failure).toBeUndefined();
            expect(healthy.exitCode).toBe(0);
            expect(readFileSync(session.path, "utf8")).toBe(expected);
            expectArchivesReadable(scene);
            expect(leftoversBut(failed(), scene)).toEqual([]);
          },
        });
      },
    );
  },
);

describe.each(cases)(
  "a transcript of %s that its own program writes anew while %s is about to mend it",
  (dialect, command) => {
    const overItself = (path: string, text: string) => writeFileSync(path, text);
    const byAnother = (path: string, text: string) => {
      writeFileSync(`${path}.new`, text);
      renameSync(`${path}.new`, path);
    };

    it.each([
      ["over itself, as soon as the mended copy is made", overItself, "createOf"],
      ["by another file, as soon as the mended copy is made", byAnother, "createOf"],
      ["by another file, just before the swap", byAnother, "setTimes"],
    ] as const)("stays as it was written (%s)", async (_, write, moment) => {
      const { home, session, mended } = setDamagedScene(dialect);
      onTestFinished(home.remove);
      const text = `${mended}${mended}`;
      const disk = openDisk();
      const original = disk[moment] as (...args: unknown[]) => unknown;
      const andWrite = (...args: unknown[]) => {
        const result = original.apply(disk, args);
        const isDraft = String(args[0]).startsWith(`${session.path}.session-keeper`);
        const end = isDraft ? () => write(session.path, text) : () => undefined;
        if (!(result instanceof Promise)) return end();
        return result.finally(end);
      };
      const { report, exitCode } = await repairInProcess(home, command, { ...disk, [moment]: andWrite });
      expect(report.actions.map(({ result }) => result)).toEqual([
        "done",
        expect.stringMatching(/changed-since-plan|busy/),
      ]);
      expect(exitCode).toBe(1);
      expect(readFileSync(session.path, "utf8")).toBe(text);
      expect(leftovers(home)).toEqual([]);
    });
  },
);

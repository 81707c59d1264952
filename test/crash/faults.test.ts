import { appendFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import type { Disk } from "../../src/disk/disk.ts";
import { archivesIn, unzip } from "../support/home.ts";
import { type FailStory, failAtEach } from "./fail-at-each.ts";
import { type Call, type FaultKind, worthFailing } from "./failing-disk.ts";
import { pretendItEnded, rotateInProcess } from "./in-process.ts";
import {
  expectNothingLost,
  expectRotated,
  leftovers,
  linesIn,
  linesOf,
  type Scene,
  type Session,
  setScene,
} from "./scene.ts";

vi.setConfig({ testTimeout: 180_000 }); // many runs of the program, on a machine that may be slow

type Dialect = Session["dialect"];

describe.each<Dialect>(["claude-code", "openclaw"])(
  "a disk that fails at any one call, with a session of %s",
  (dialect) => {
    it.each<FaultKind>(["instead", "halfway", "afterwards"])(
      "loses nothing, and the next run ends as if it had not failed (the error comes %s)",
      async (kind) => {
        const choose = (calls: Call[]) => worthFailing(calls, kind);
        const prepare = () => setScene([dialect]);
        const attempt: FailStory<Scene>["attempt"] = async (scene, disk, failed) => {
          const disturbed = await rotateInProcess(scene.home, disk);
          expectNothingLost(scene);
          // a note or a line of the journal that is missing is told, and does not make a rotation fail
          const isTold = disturbed.report.actions.some(({ message }) =>
            /could not be (?:written|taken off)/.test(message),
          );
          if (failed() && !isTold) expect(disturbed.exitCode).toBe(3);
          pretendItEnded(scene.home.root);
          // one that cannot be removed stays; gateways take it at once, because its owner is gone
          const locks =
            failed()?.name === "remove" ? leftovers(scene.home).filter((name) => name.endsWith(".jsonl.lock")) : [];
          const healthy = await rotateInProcess(scene.home);
          expectNothingLost(scene);
          expect(healthy.report.failure).toBeUndefined();
          expect(healthy.exitCode).toBe(0);
          for (const name of locks) rmSync(join(scene.home.root, name));
          expectRotated(scene);
        };
        await failAtEach({ kind, prepare, choose, attempt });
      },
    );
  },
);

/** The same disk, on which another process adds lines in the very moment in which the file loses its name. */
function withLateLines(disk: Disk, path: string, lines: readonly string[]): Disk {
  let isWritten = false;
  const write = () => {
    if (!isWritten) appendFileSync(path, `${lines.join("\n")}\n`);
    isWritten = true;
  };
  return {
    ...disk,
    link(from: string, to: string) {
      disk.link(from, to);
      if (to.endsWith(".old")) write();
    },
    rename(from: string, to: string) {
      if (from === path) write();
      disk.rename(from, to);
    },
  };
}

describe.each<Dialect>(["claude-code", "openclaw"])(
  "lines that come in the moment of the change, with a session of %s",
  (dialect) => {
    it.each<FaultKind>(["instead", "halfway"])(
      "are kept once each, whichever call fails (the error comes %s)",
      async (kind) => {
        const lines = [1, 2, 3].map((number) => JSON.stringify({ type: "user", late: number, filler: "x".repeat(50) }));
        // what comes before the file is touched is tried above
        const choose = (calls: Call[], { sessions }: Scene) => {
          const first = calls.findIndex(
            ({ name, path }) => path === sessions[0]?.path && (name === "link" || name === "rename"),
          );
          return worthFailing(calls.slice(first + 1), kind);
        };
        const prepare = () => setScene([dialect]);
        const attempt: FailStory<Scene>["attempt"] = async (scene, disk, failed) => {
          const path = scene.sessions[0]?.path ?? "";
          await rotateInProcess(scene.home, withLateLines(disk, path, lines));
          pretendItEnded(scene.home.root);
          expect((await rotateInProcess(scene.home)).report.failure).toBeUndefined();
          const kept = [...archivesIn(scene.home.root).flatMap((archive) => linesOf(unzip(archive))), ...linesIn(path)];
          const counts = lines.map((line) => kept.filter((other) => other === line).length);
          // an archive that could not be crossed off any more may be made twice
          const most = failed()?.name === "remove" && dialect === "openclaw" ? 2 : 1;
          expect(Math.min(...counts)).toBeGreaterThanOrEqual(1);
          expect(Math.max(...counts)).toBeLessThanOrEqual(most);
          expect(leftovers(scene.home).filter((name) => !name.endsWith(".lock"))).toEqual([]);
        };
        await failAtEach({ kind, prepare, choose, attempt });
      },
    );
  },
);

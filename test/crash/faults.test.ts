import { appendFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Disk } from "../../src/disk/disk.ts";
import { archivesIn, unzip } from "../support/home.ts";
import { type FaultKind, openFailingDisk } from "./failing-disk.ts";
import { pretendItEnded, rotateInProcess } from "./in-process.ts";
import { expectNothingLost, expectRotated, leftovers, linesIn, linesOf, type Session, setScene } from "./scene.ts";

type Dialect = Session["dialect"];

/** Homes at once: most of a run's time is waiting. */
const AT_ONCE = 8;

/** One home, whose run fails at its n-th call to the disk. Returns what was wrong afterwards, in words. */
async function failAt(n: number, kind: FaultKind, dialect: Dialect): Promise<{ isThrough: boolean; wrong: string[] }> {
  const scene = setScene([dialect]);
  const { disk, calls, failed } = openFailingDisk(n, kind);
  try {
    const disturbed = await rotateInProcess(scene.home, disk);
    if (calls() < n) return { isThrough: true, wrong: [] };
    expectNothingLost(scene);
    // a note or a line of the journal that is missing is told, and does not make a rotation fail
    const isTold = disturbed.report.actions.some(({ message }) => message.includes("could not be written"));
    if (!isTold) expect(disturbed.exitCode).toBe(3);
    pretendItEnded(scene.home.root);
    // one that cannot be removed stays; gateways take it at once, because its owner is gone
    const locks = failed().includes(" remove,")
      ? leftovers(scene.home).filter((name) => name.endsWith(".jsonl.lock"))
      : [];
    const healthy = await rotateInProcess(scene.home);
    expectNothingLost(scene);
    expect(healthy).toMatchObject({ exitCode: 0, report: { name: "default" } });
    expect(healthy.report.failure).toBeUndefined();
    for (const name of locks) rmSync(join(scene.home.root, name));
    expectRotated(scene);
    return { isThrough: false, wrong: [] };
  } catch (error) {
    return { isThrough: false, wrong: [`${failed()}: ${(error as Error).message}`] };
  } finally {
    scene.home.remove();
  }
}

describe.each<Dialect>(["claude-code", "openclaw"])(
  "a disk that fails at any one call, under a session of %s",
  (dialect) => {
    it.each<FaultKind>(["instead", "halfway", "afterwards"])(
      "loses nothing, and the next run ends as if it had not failed (the error comes %s)",
      async (kind) => {
        const wrong: string[] = [];
        let tried = 0;
        for (let isThrough = false; !isThrough; tried += AT_ONCE) {
          const numbers = Array.from({ length: AT_ONCE }, (_, index) => tried + index + 1);
          const ends = await Promise.all(numbers.map((n) => failAt(n, kind, dialect)));
          isThrough = ends.some((end) => end.isThrough);
          wrong.push(...ends.flatMap((end) => end.wrong));
        }
        expect(wrong).toEqual([]);
        expect(tried).toBeGreaterThan(30);
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

async function failWithLateLines(
  n: number,
  kind: FaultKind,
  dialect: Dialect,
): Promise<{ isThrough: boolean; wrong: string[] }> {
  const scene = setScene([dialect]);
  const path = scene.sessions[0]?.path ?? "";
  const lines = [1, 2, 3].map((number) => JSON.stringify({ type: "user", late: number, filler: "x".repeat(50) }));
  const { disk, calls, failed } = openFailingDisk(n, kind);
  try {
    await rotateInProcess(scene.home, withLateLines(disk, path, lines));
    const isThrough = calls() < n;
    pretendItEnded(scene.home.root);
    expect((await rotateInProcess(scene.home)).report.failure).toBeUndefined();
    const kept = [...archivesIn(scene.home.root).flatMap((archive) => linesOf(unzip(archive))), ...linesIn(path)];
    const counts = lines.map((line) => kept.filter((other) => other === line).length);
    // an archive that a fault kept from being crossed off may be made twice
    const isOnce = isThrough || dialect === "claude-code" || !failed().includes(" remove,");
    if (kept.some((line) => line.includes('"late"'))) expect(counts).toEqual(isOnce ? [1, 1, 1] : [2, 2, 2]);
    expect(leftovers(scene.home).filter((name) => !name.endsWith(".lock"))).toEqual([]);
    return { isThrough, wrong: isThrough && kept.length === 0 ? ["no line was ever late"] : [] };
  } catch (error) {
    return { isThrough: false, wrong: [`${failed()}: ${(error as Error).message}`] };
  } finally {
    scene.home.remove();
  }
}

describe.each<Dialect>(["claude-code", "openclaw"])(
  "lines that come in the moment of the change, under a session of %s",
  (dialect) => {
    it.each<FaultKind>(["instead", "halfway"])(
      "are kept once each, whichever call fails (the error comes %s)",
      async (kind) => {
        const wrong: string[] = [];
        // what comes before the file is touched is tried above
        for (let tried = 30, isThrough = false; !isThrough; tried += AT_ONCE) {
          const numbers = Array.from({ length: AT_ONCE }, (_, index) => tried + index + 1);
          const ends = await Promise.all(numbers.map((n) => failWithLateLines(n, kind, dialect)));
          isThrough = ends.some((end) => end.isThrough);
          wrong.push(...ends.flatMap((end) => end.wrong));
        }
        expect(wrong).toEqual([]);
      },
    );
  },
);

import { rmSync } from "node:fs";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import type { InstallationReport } from "../../src/report/document.ts";
import { type ArchiveScene, expectArchived, expectNoGap, setArchiveScene } from "./archive-scene.ts";
import { type FailStory, failAtEach } from "./fail-at-each.ts";
import { type Call, type FaultKind, worthFailing } from "./failing-disk.ts";
import { archiveInProcess, pretendItEnded } from "./in-process.ts";
import { leftovers } from "./scene.ts";

vi.setConfig({ testTimeout: 180_000 }); // many runs of the program, on a machine that may be slow

it.each<FaultKind>(["instead", "halfway", "afterwards"])(
  "a disk that fails at any one call while it archives loses nothing, and the next run ends as if it had not (the error comes %s)",
  async (kind) => {
    const choose = (calls: Call[]) => oneOfAKind(worthFailing(calls, kind), kind);
    const attempt: FailStory<ArchiveScene>["attempt"] = async (scene, disk, failed) => {
      const { report, exitCode } = await archiveInProcess(scene.home, disk);
      expectNoGap(scene);
      expectTold(report);
      if (exitCode === 0) expectMinor(report, failed());
      pretendItEnded(scene.home.root);
      // one that cannot be removed stays; gateways take it at once, because its owner is gone
      const locks = failed()?.name === "remove" ? leftovers(scene.home).filter((name) => name.endsWith(".lock")) : [];
      const next = await archiveInProcess(scene.home);
      expect(next.report.failure).toBeUndefined();
      for (const name of locks) rmSync(join(scene.home.root, name), { force: true });
      await expectArchived(scene);
    };
    await failAtEach({ kind, prepare: setArchiveScene, choose, attempt });
  },
);

/** Of each step that failed it is said what stood in the way, and what became of the session. */
function expectTold({ actions, failure }: InstallationReport): void {
  for (const { kind, result, message, hint } of actions.filter((action) => action.result === "failed"))
    expect({ kind, result, message: message || null, hint: hint || null }).toEqual({
      ...{ kind, result },
      message: expect.stringMatching(/\w/),
      hint: expect.stringMatching(/left|not changed|next run/),
    });
  if (failure) expect(failure.hint).toMatch(/\w/);
}

/** A line of the journal, or part of what lies beside a session, does not make a run fail; it is told all the same. */
function expectMinor({ actions }: InstallationReport, failed: Call | undefined): void {
  if (!failed || failed.name === "syncFolder") return;
  const told = actions.filter(({ message }) => /run journal could not be written|stays for now/.test(message));
  expect(told.length, `what was told of ${failed.name} ${failed.path}`).toBeGreaterThan(0);
}

/** What is done to many files alike is tried with one: with the last of them, or, when the error comes otherwise, with the first. */
function oneOfAKind(calls: Call[], kind: FaultKind): Call[] {
  let last = "";
  const kinds = new Map<string, Call>();
  for (const call of calls) {
    last = call.path || last; // an open file has none
    const place = last.replace(/^.*keeper-home-\w+/, "").replace(/[0-9a-f]{8}-[0-9a-f-]{27}|\d+|\/(gone|old)\b/g, "*");
    const like = `${call.name} ${place}`;
    if (kind === "instead" || !kinds.has(like)) kinds.set(like, call);
  }
  return [...kinds.values()].filter(({ path }) => !path.includes("/state/locks/"));
}

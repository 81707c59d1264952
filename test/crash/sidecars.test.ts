import { existsSync, readdirSync } from "node:fs";
import { dirname } from "node:path";
import { expect, test, vi } from "vitest";
import type { Disk } from "../../src/disk/disk.ts";
import { readArchives } from "../../src/restore/archives.ts";
import { verifyArchives } from "../../src/restore/verify.ts";
import { openDyingDisk } from "../support/dying-disk.ts";
import { archivesIn, makeHome } from "../support/home.ts";
import {
  addSession,
  addSidecars,
  archiveSession,
  recordsOf,
  type SidecarScene,
  sessionsTree,
  undoSession,
} from "../support/sidecars.ts";
import { stride } from "../support/thoroughness.ts";
import { type FaultKind, openFailingDisk } from "./failing-disk.ts";
import { pretendItEnded } from "./in-process.ts";

vi.setConfig({ testTimeout: 120_000 }); // a run for each call of the disk

const DIALECTS = ["claude-code", "openclaw"] as const;
const AT_ONCE = 8;
const never = new AbortController().signal;

/** Has runs go wrong, each at another call of the disk (from 1) and on a home of its own, until one does all its calls. */
async function atEachCall(tryAt: (call: number) => Promise<boolean>): Promise<void> {
  const { first, step } = stride();
  for (let from = 1 + first; ; from += AT_ONCE * step) {
    const all = await Promise.all(Array.from({ length: AT_ONCE }, (_, index) => tryAt(from + index * step)));
    if (all.includes(true)) return;
  }
}

/** A run with a disk that goes wrong, then one with a sound one: the session is gone then, and whole in its archives. */
async function archiveTwice(dialect: (typeof DIALECTS)[number], disk: Disk, call: number): Promise<void> {
  const home = makeHome();
  try {
    const scene = addSession(home, dialect);
    addSidecars(scene);
    await archiveSession(scene, { disk, runId: "first" }).catch(() => undefined);
    expectNothingLost(scene, call);
    for (const folder of [home.openclaw, scene.archives]) if (existsSync(folder)) pretendItEnded(folder);
    await archiveSession(scene, { runId: "next" });
    expect(Object.keys(sessionsTree(scene)), `call ${call}`).toEqual([]);
    expect(readdirSync(dirname(scene.path)), `call ${call}`).toEqual([]);
    const verdicts = await verifyArchives(readArchives(scene.archives), never);
    expect(verdicts.flatMap(({ problem }) => problem ?? [])).toEqual([]);
    expect(recordsOf(scene)[0]?.sidecars?.files, `call ${call}`).toBe(dialect === "openclaw" ? 3 : 4);
    expect(archivesIn(scene.archives).filter((name) => name.endsWith("-2.sidecars.tar.gz"))).toEqual([]);
  } finally {
    home.remove();
  }
}

/** What is not where it was is in an archive that the catalog knows. */
function expectNothingLost(scene: SidecarScene, call: number): void {
  const isWhole = Object.keys(sessionsTree(scene)).length >= (scene.path.startsWith(scene.home.claude) ? 9 : 4);
  if (!isWhole) expect(recordsOf(scene)[0]?.sidecars, `call ${call}`).toBeDefined();
}

test.each(DIALECTS)(
  "a run on a session of %s that is killed at any change is finished by the next one",
  async (dialect) => {
    await atEachCall(async (call) => {
      const { disk, calls } = openDyingDisk(call - 1);
      await archiveTwice(dialect, disk, call);
      return calls() < call;
    });
  },
);

test.each(["instead", "halfway", "afterwards"] satisfies FaultKind[])(
  "a run whose disk fails once (%s) loses nothing, and the next one goes on",
  async (kind) => {
    await atEachCall(async (call) => {
      const { disk, calls } = openFailingDisk(call, kind);
      await archiveTwice("claude-code", disk, call);
      return calls.length < call;
    });
  },
);

test("an undo that is killed at any change is finished by the next one", async () => {
  await atEachCall(async (call) => {
    const home = makeHome();
    try {
      const scene = addSession(home, "claude-code");
      addSidecars(scene);
      const before = sessionsTree(scene);
      await archiveSession(scene);
      const dying = openDyingDisk(call - 1);
      await undoSession(home, "run", dying.disk).catch(() => undefined);
      await undoSession(home);
      expect(sessionsTree(scene), `call ${call}`).toEqual(before);
      expect(readdirSync(dirname(scene.path)), `call ${call}`).toHaveLength(2);
      return dying.calls() < call;
    } finally {
      home.remove();
    }
  });
});

import { appendFileSync, existsSync, renameSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { recoverSetAside } from "../../src/apply/recover.ts";
import { retain } from "../../src/apply/retain.ts";
import { openDisk } from "../../src/disk/disk.ts";
import { asidePathFor } from "../../src/disk/left-behind.ts";
import { type Home, makeHome, unzip } from "../support/home.ts";
import { addSession, archiveSession, recordsOf, toolsFor } from "../support/sidecars.ts";

let home: Home;
beforeEach(() => {
  home = makeHome();
});
afterEach(() => home.remove());

/** A disk on which somebody adds a line to a transcript right before it loses its name. */
function withLateLine(path: string) {
  const disk = openDisk();
  const { rename } = disk;
  disk.rename = (from, to) => {
    if (from === path) appendFileSync(path, "late\n");
    rename.call(disk, from, to);
  };
  return disk;
}

test.each(["claude-code", "openclaw"] as const)(
  "what an earlier run archived of a session of %s is not let go for a line that came when it was removed",
  async (dialect) => {
    const scene = addSession(home, dialect);
    await archiveSession(scene, { runId: "one", removes: false });
    const done = await archiveSession(scene, { runId: "two", disk: withLateLine(scene.path) });
    expect(done?.outcomes).toMatchObject([{ result: "already-done" }, { result: "done" }]);
    const tools = await toolsFor(home, "three");
    Object.assign(tools.settings.archive.keep, { last: 0, within: 0 });
    expect(await retain(scene.archives, new Set(), tools)).toEqual([]);
    const [body, tail, ...more] = recordsOf(scene);
    expect(more).toEqual([]);
    expect(tail).toMatchObject({ tailOf: body?.archive, bytes: 5 });
    for (const record of [body, tail]) expect(existsSync(join(scene.archives, record?.archive ?? ""))).toBe(true);
    expect(unzip(join(scene.archives, body?.archive ?? "")).length).toBeGreaterThan(1000);
  },
);

test("what a run of another command brings home of a removed session is kept as long as the rest of it", async () => {
  const scene = addSession(home, "claude-code");
  await archiveSession(scene, { removes: false });
  const [body] = recordsOf(scene);
  const aside = asidePathFor(scene.path, body?.bytes ?? 0);
  renameSync(scene.path, aside);
  appendFileSync(aside, "late\n");
  expect(await recoverSetAside({ ...(await toolsFor(home, "next")), command: "rotate" })).toEqual([]);
  expect(recordsOf(scene)[1]).toMatchObject({ tailOf: body?.archive, command: "archive", runId: "next" });
});

import { appendFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { reportSchema } from "../../src/report/schema.ts";
import { type Home, makeHome } from "../support/home.ts";
import { keeper, keeperJson } from "../support/keeper.ts";
import { addSession, addSidecars, archiveSession, recordsOf, sessionsTree } from "../support/sidecars.ts";

let home: Home;
beforeEach(() => {
  home = makeHome();
});
afterEach(() => home.remove());

test("the program lists the sidecars of an archive, reads them back, and brings them back with their session", async () => {
  const scene = addSession(home, "claude-code");
  addSidecars(scene);
  const before = sessionsTree(scene);
  await archiveSession(scene);
  const [record] = recordsOf(scene);
  const { status: _, stderr: __, ...list } = await keeperJson(["restore", "list", ...home.args]);
  reportSchema.parse(list);
  expect(list.installations[0]?.archives).toMatchObject([{ sessionId: scene.sessionId, sidecars: record?.sidecars }]);
  expect((await keeper(["restore", "verify", ...home.args])).status).toBe(0);
  const undone = await keeper(["restore", "undo", "run", ...home.args]);
  expect(undone).toMatchObject({ status: 0, stderr: "" });
  expect(sessionsTree(scene)).toEqual(before);
});

test("the program tells of a sidecar archive that is damaged or gone", async () => {
  const scene = addSession(home, "openclaw");
  addSidecars(scene);
  await archiveSession(scene);
  const path = join(scene.archives, recordsOf(scene)[0]?.sidecars?.archive ?? "");
  appendFileSync(path, "x");
  for (const words of ["of what belongs to the session cannot be trusted", "is not there"]) {
    const { status, installations } = await keeperJson(["restore", "verify", ...home.args]);
    expect(status).toBe(1);
    expect(installations[0]?.findings).toMatchObject([
      { kind: "unverified-archive", message: expect.stringContaining(words) },
    ]);
    expect(installations[0]?.archives).toMatchObject([{ verified: false }]);
    rmSync(path, { force: true });
  }
});

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { wordOutcome } from "../../src/report/wording.ts";
import { type Home, makeHome } from "../support/home.ts";
import { addSession, addSidecars, archiveSession, recordsOf } from "../support/sidecars.ts";
import { put } from "../support/surroundings.ts";

let home: Home;
beforeEach(() => {
  home = makeHome();
});
afterEach(() => home.remove());

function below(folder: string): string[] {
  return (readdirSync(folder, { recursive: true }) as string[]).filter((name) => name.includes(".")).sort();
}

test.each(["claude-code", "openclaw"] as const)(
  "what belongs to a session of %s lies beside its archive, and the catalog knows its hash",
  async (dialect) => {
    const scene = addSession(home, dialect);
    addSidecars(scene);
    const done = await archiveSession(scene, { removes: false });
    const [record, ...more] = recordsOf(scene);
    expect(more).toEqual([]);
    const sidecars = record?.sidecars;
    expect(sidecars?.archive).toBe(record?.archive.replace(".jsonl.gz", ".sidecars.tar.gz"));
    const path = join(scene.archives, sidecars?.archive ?? "");
    const stored = readFileSync(path);
    expect(sidecars).toMatchObject({
      gzipBytes: stored.length,
      sha256: createHash("sha256").update(stored).digest("hex"),
      files: dialect === "openclaw" ? 3 : 4,
    });
    expect(done?.outcomes[0]).toMatchObject({
      result: "done",
      detail: {
        sidecars: { archive: path, sha256: sidecars?.sha256, files: sidecars?.files, bytes: sidecars?.bytes },
      },
    });
    expect(execFileSync("tar", ["tzf", path], { encoding: "utf8" })).toContain(
      dialect === "openclaw" ? `traces/${scene.sessionId}.jsonl` : `${scene.sessionId}/tool-results/one.txt`,
    );
    expect(below(scene.archives).filter((name) => name.endsWith(".partial"))).toEqual([]);
    expect(existsSync(scene.path)).toBe(true);
  },
);

test("without sidecars there is no archive of them", async () => {
  const scene = addSession(home, "claude-code");
  const done = await archiveSession(scene, { removes: false });
  expect(done?.outcomes[0]).toMatchObject({ result: "done" });
  expect(done?.outcomes[0]?.detail).not.toHaveProperty("sidecars");
  expect(recordsOf(scene)[0]).not.toHaveProperty("sidecars");
  expect(below(scene.archives)).toHaveLength(2);
});

test("the same sidecars are archived once; others beside, and the catalog forgets none", async () => {
  const scene = addSession(home, "claude-code");
  await archiveSession(scene, { removes: false });
  addSidecars(scene);
  const late = await archiveSession(scene, { removes: false });
  expect(late?.outcomes[0]).toMatchObject({ result: "done", because: expect.stringContaining("already") });
  expect(late?.outcomes[0] && wordOutcome(late.outcomes[0])).toContain("what belongs to it is now, too");
  const [first] = recordsOf(scene);
  const files = below(scene.archives);
  const again = await archiveSession(scene, { removes: false });
  expect(again?.outcomes[0]).toMatchObject({ result: "already-done", detail: { sidecars: { files: 4 } } });
  expect(recordsOf(scene)).toEqual([first]);
  expect(below(scene.archives)).toEqual(files);
  put(join(scene.stem, "tool-results", "two.txt"), "two");
  await archiveSession(scene, { removes: false });
  const [last, ...more] = recordsOf(scene);
  expect(more).toEqual([]);
  const { archive, ...rest } = first?.sidecars ?? {};
  expect(last?.sidecars).toMatchObject({
    archive: archive?.replace(".sidecars.", "-2.sidecars."),
    files: 5,
    earlier: [{ archive, ...rest }],
  });
});

test("one that was damaged since is made anew; one that a killed run left unnoted is taken over", async () => {
  const scene = addSession(home, "claude-code");
  addSidecars(scene);
  await archiveSession(scene, { removes: false });
  const catalog = join(scene.archives, "catalog.jsonl");
  const text = readFileSync(catalog, "utf8");
  const [first] = recordsOf(scene);
  writeFileSync(catalog, `${text.split("\n")[0]}\n`);
  expect(recordsOf(scene)[0]).not.toHaveProperty("sidecars");
  const files = below(scene.archives);
  await archiveSession(scene, { removes: false });
  expect(recordsOf(scene)).toEqual([first]);
  expect(below(scene.archives)).toEqual(files);
  appendFileSync(join(scene.archives, first?.sidecars?.archive ?? ""), "x");
  await archiveSession(scene, { removes: false });
  expect(recordsOf(scene)[0]?.sidecars?.archive).toContain("-2.sidecars.tar.gz");
});

test("sidecars that cannot be taken along keep the session as it is, with the reason", async () => {
  const scene = addSession(home, "claude-code");
  addSidecars(scene);
  symlinkSync("/", join(scene.stem, "out"));
  const done = await archiveSession(scene);
  expect(done?.outcomes).toMatchObject([
    { result: "changed-since-plan", because: expect.stringContaining("leads out of the session's folder") },
  ]);
  expect(existsSync(scene.archives)).toBe(false);
  rmSync(join(scene.stem, "out"));
  expect((await archiveSession(scene))?.isFinished).toBe(true);
});

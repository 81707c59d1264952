import { createHash } from "node:crypto";
import { appendFileSync, existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { pruneArchives } from "../../src/apply/prune-archive.ts";
import type { Tools } from "../../src/apply/tools.ts";
import { type CatalogRecord, readCatalog } from "../../src/archive/catalog.ts";
import type { Transcript } from "../../src/installation/installation.ts";
import { addArchive } from "../support/archives.ts";
import { type Home, makeHome } from "../support/home.ts";
import { addSession, type SidecarScene, toolsFor } from "../support/sidecars.ts";

let home: Home;
let scene: SidecarScene;
beforeEach(() => {
  home = makeHome();
  scene = addSession(home, "claude-code");
});
afterEach(() => home.remove());

/** An archive to be let go, with two sidecar archives, and a newer one that stays. */
function addTwo(): { old: CatalogRecord; places: [string, string, string] } {
  const { archives, sessionId, path: source } = scene;
  const describe = (name: string) => ({
    ...{ archive: `claude-code/-w/${name}.sidecars.tar.gz`, gzipBytes: name.length, files: 1, bytes: 1 },
    sha256: createHash("sha256").update(name).digest("hex"),
  });
  const [last, first] = [describe("last"), describe("first")];
  const sidecars = { ...last, earlier: [first] };
  const old = addArchive(archives, "old\n", { sessionId, source, sidecars });
  addArchive(archives, "new\n", { sessionId, source, segment: 2 });
  const places = [old.archive, last.archive, first.archive].map((name) => join(archives, name));
  writeFileSync(places[1] ?? "", "last");
  writeFileSync(places[2] ?? "", "first");
  return { old, places: places as [string, string, string] };
}

async function prune() {
  const tools: Tools = await toolsFor(home, "next");
  const rotate = { ...tools.settings.rotate, keepArchives: 1 };
  const transcript = tools.installation.transcripts.find(({ path }) => path === scene.path) as Transcript;
  return await pruneArchives(transcript, { ...tools, settings: { ...tools.settings, rotate } });
}

const segmentsLeft = () => readCatalog(scene.archives).map(({ segment }) => segment);

test("an archive goes with those of what belonged to its session", async () => {
  const { places } = addTwo();
  expect(await prune()).toMatchObject([{ result: "done", detail: { archive: places[0] } }]);
  expect(places.filter((path) => existsSync(path))).toEqual([]);
  expect(segmentsLeft()).toEqual([2]);
  expect(await prune()).toEqual([]);
});

test("of two installations that let go of the same archive at once, one tells of it and none fails", async () => {
  const { places } = addTwo();
  const outcomes = (await Promise.all([prune(), prune()])).flat();
  expect(outcomes).toMatchObject([{ result: "done", detail: { archive: places[0] } }]);
  expect(places.filter((path) => existsSync(path))).toEqual([]);
  expect(segmentsLeft()).toEqual([2]);
});

test("one that is not what the catalog says keeps all of them", async () => {
  const { places } = addTwo();
  appendFileSync(places[2], "x");
  const because = "the archive of what belongs to the session does not hold what the catalog says of it";
  expect(await prune()).toMatchObject([{ result: "failed", because: expect.stringContaining(because) }]);
  expect(places.every((path) => existsSync(path))).toBe(true);
  expect(segmentsLeft()).toEqual([1, 2]);
});

test("what somebody has taken away already is no reason to keep the rest", async () => {
  const { places } = addTwo();
  rmSync(places[1]);
  rmSync(places[0]);
  expect(await prune()).toMatchObject([{ result: "done" }]);
  expect(places.filter((path) => existsSync(path))).toEqual([]);
  expect(segmentsLeft()).toEqual([2]);
});

test("what a damaged catalog names outside its folder is left alone", async () => {
  const { archives, sessionId, path: source } = scene;
  const outside = join(home.root, "outside");
  writeFileSync(outside, "outside");
  const sha256 = createHash("sha256").update("outside").digest("hex");
  const sidecars = { archive: "../../outside", gzipBytes: 7, sha256, files: 1, bytes: 1 };
  addArchive(archives, "old\n", { sessionId, source, sidecars });
  addArchive(archives, "new\n", { sessionId, source, segment: 2 });
  expect(await prune()).toMatchObject([{ result: "done" }]);
  expect(existsSync(outside)).toBe(true);
});

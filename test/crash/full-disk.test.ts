import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { appendFileSync, mkdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { age, archivesIn, type Home, makeHome, readRegistryOf, unzip } from "../support/home.ts";
import { addBoundSession, needsRoot, ROTATED, resultsOf, rotateAs } from "./rotate-as.ts";
import { allFiles, leftovers } from "./scene.ts";

const mounted: string[] = [];

let home: Home;
beforeEach(() => {
  home = makeHome();
});
afterEach(() => {
  for (const place of mounted.splice(0)) spawnSync("umount", [place]);
  home.remove();
});

describe("a full disk", () => {
  /** A file system of 64 KB for one test. */
  function mountSmallDisk(place: string): boolean {
    mkdirSync(place, { recursive: true });
    const isMounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", place]).status === 0;
    if (isMounted) mounted.push(place);
    return isMounted;
  }

  /** What does not become smaller in an archive. */
  function addIncompressibleSession(): { sessionId: string; path: string } {
    const session = addBoundSession(home);
    appendFileSync(session.path, `{"type":"x","noise":"${randomBytes(200_000).toString("base64")}"}\n`);
    age(session.path, 120_000);
    return session;
  }

  it("for the archives: one clear sentence, no half archive, the session as it was; later all is made up for", ({
    skip,
  }) => {
    const archives = join(home.root, "archives");
    skip(!mountSmallDisk(archives), needsRoot);
    const { path } = addIncompressibleSession();
    const original = readFileSync(path);
    const before = readRegistryOf(home);
    const report = rotateAs(home, ["--archive-dir", archives]);
    expect(report.status).toBe(3);
    expect(report.installations[0]?.actions).toMatchObject([{ kind: "archive-transcript", result: "failed" }]);
    expect(report.installations[0]?.actions[0]?.message).toMatch(/the disk is full/);
    expect(allFiles(archives).filter((name) => !statSync(join(archives, name)).isDirectory())).toEqual([]);
    expect(readFileSync(path).equals(original)).toBe(true);
    expect(readRegistryOf(home)).toEqual(before);
    spawnSync("mount", ["-o", "remount,size=4m", archives]);
    const next = rotateAs(home, ["--archive-dir", archives]);
    expect(next.status).toBe(0);
    expect(resultsOf(next)).toEqual(ROTATED);
    expect(archivesIn(archives).map((archive) => unzip(archive).equals(original))).toEqual([true]);
  });

  it("for the state folder: one clear sentence, and nothing is changed", ({ skip }) => {
    skip(!mountSmallDisk(home.state), needsRoot);
    const { path } = addBoundSession(home);
    const original = readFileSync(path);
    const before = readRegistryOf(home);
    spawnSync("dd", ["if=/dev/zero", `of=${join(home.state, "filler")}`, "bs=4k", "count=100"]);
    const report = rotateAs(home);
    expect(report.status).toBe(3);
    expect(JSON.stringify(report)).toMatch(/disk is full/);
    expect(JSON.stringify(report)).not.toMatch(/fault of session-keeper/);
    expect(readFileSync(path).equals(original)).toBe(true);
    expect(readRegistryOf(home)).toEqual(before);
    rmSync(join(home.state, "filler"));
    expect(rotateAs(home).status).toBe(0);
    expect(leftovers(home)).toEqual([]);
  });
});

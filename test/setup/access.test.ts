import { chmodSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { findObstacle, nearestThere } from "../../src/setup/access.ts";
import { put, putFolder, scratchSurroundings } from "../support/surroundings.ts";

test("what is there and what can be made are no obstacles; what is gone is one", () => {
  const { root } = scratchSurroundings();
  const file = put(join(root, "a/file"));
  expect(findObstacle(file, "change")).toBeUndefined();
  expect(findObstacle(join(root, "x/y/z"), "make")).toBeUndefined();
  expect(nearestThere(join(root, "x/y/z"))).toBe(root);
  expect(findObstacle(join(root, "x"), "read")).toMatchObject({ errno: "ENOENT" });
  expect(findObstacle(join(file, "below"), "make")).toMatchObject({ errno: "ENOTDIR", at: file });
  symlinkSync(join(root, "nowhere"), join(root, "link"));
  expect(findObstacle(join(root, "link"), "read")).toMatchObject({ errno: "ENOENT" });
});

test.skipIf(process.geteuid?.() === 0)("a folder that may not be written to is told with its owner and mode", () => {
  const { root } = scratchSurroundings();
  const folder = putFolder(join(root, "closed"));
  chmodSync(folder, 0o500);
  expect(findObstacle(folder, "read")).toBeUndefined();
  expect(findObstacle(join(folder, "new"), "make")).toMatchObject({ errno: "EACCES", at: folder, mode: 0o500 });
  chmodSync(folder, 0o700);
});

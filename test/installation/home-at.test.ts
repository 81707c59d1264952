import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { homeAt } from "../../src/installation/home-at.ts";
import { giveTo, isRoot, OWNER, rotateAs } from "../crash/rotate-as.ts";
import { makeHome } from "../support/home.ts";
import { scratchSurroundings } from "../support/surroundings.ts";

test("a home is told by its real path; one that nobody named need not be there", () => {
  const { root } = scratchSurroundings();
  mkdirSync(join(root, "real"));
  symlinkSync("real", join(root, "link"));
  expect(homeAt(join(root, "link"), "OpenClaw", true)).toBe(join(root, "real"));
  expect(homeAt(join(root, "gone"), "OpenClaw", false)).toBeUndefined();
  expect(homeAt(undefined, "OpenClaw", true)).toBeUndefined();
});

test("one that is not there although it was named, and one that is no folder, are told as that", () => {
  const { root } = scratchSurroundings();
  writeFileSync(join(root, "file"), "");
  expect(() => homeAt(join(root, "gone"), "OpenClaw", true)).toThrow(`the OpenClaw home ${root}/gone does not exist`);
  expect(() => homeAt(join(root, "file/below"), "OpenClaw", true)).toThrow("does not exist");
  expect(() => homeAt(join(root, "file"), "Claude Code", false)).toThrow("is not a folder");
});

test("one that this user may not read, or not even reach, is told with what stands in the way", () => {
  const home = makeHome();
  onTestFinished(() => {
    chmodSync(home.root, 0o700);
    home.remove();
  });
  if (isRoot) giveTo(home, OWNER); // root may read everything
  const told = () => {
    const report = rotateAs(home, [], { env: { HOME: "/nonexistent" }, ...(isRoot ? { uid: OWNER } : {}) });
    return [report.status, report.installations[0]?.failure?.message];
  };
  chmodSync(home.openclaw, 0);
  const closed = /^the OpenClaw home .*\.openclaw cannot be read by user \d+; it belongs to user \d+, with mode 0000$/;
  expect(told()).toEqual([3, expect.stringMatching(closed)]);
  chmodSync(home.openclaw, 0o700);
  chmodSync(home.root, 0);
  const unreachable = `the OpenClaw home ${home.openclaw} cannot be reached: user ${isRoot ? OWNER : process.geteuid?.()} may not go through ${home.root}`;
  expect(told()).toEqual([3, unreachable]);
});

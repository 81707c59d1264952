import { expect, test } from "vitest";
import { absolutePath, logSource } from "../../src/config/paths.ts";

const base = { homeDirectory: "/home/john", cwd: "/srv/work" };

test.for([
  ["~/.openclaw/", "/home/john/.openclaw"],
  ["~", "/home/john"],
  ["/srv//bot/./x/../home///", "/srv/bot/home"],
  ["state", "/srv/work/state"],
  ["../state/", "/srv/state"],
  ["/", "/"],
  ["~other/x", "/srv/work/~other/x"],
] as const)("%s becomes %s", ([path, expected]) => {
  expect(absolutePath(path, base)).toBe(expected);
});

test("a unit of the journal is no path, a glob is one", () => {
  expect(logSource("journal:jarvis.service", base)).toBe("journal:jarvis.service");
  expect(logSource("~/logs/*.log", base)).toBe("/home/john/logs/*.log");
});

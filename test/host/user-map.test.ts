import { expect, test } from "vitest";
import { isMapped, isUserHere } from "../../src/host/user-map.ts";

test.for([
  ["         0          0 4294967295\n", 65_534, true],
  ["         0       1000          1\n", 0, true],
  ["         0       1000          1\n", 65_534, false],
  ["0 1000 1\n1 100000 65536\n", 1000, true],
  ["0 1000 1\n1 100000 65536\n", 65_537, false],
  ["", 0, false],
] as const)("by the map %j, whether user %i is one of this namespace: %s", ([map, uid, is]) => {
  expect(isMapped(uid, map)).toBe(is);
});

test("we are a user here ourselves", () => {
  expect(isUserHere(process.geteuid?.() ?? 0)).toBe(true);
});

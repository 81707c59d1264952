import { expect, test } from "vitest";
import { renewed } from "../../src/apply/catalogued.ts";
import type { Fingerprint } from "../../src/disk/fingerprint.ts";
import { recordOf } from "../support/records.ts";

const AT = "2026-02-01T10:00:00.000Z";
const now = new Date("2026-03-01T10:00:00.000Z");
const copy = recordOf({ at: AT, inode: 7, purpose: "copy" });
const file = (more: object = {}) => ({ inode: 7, mtimeMs: Date.parse(AT) - 0.5, ...more }) as Fingerprint;

test("a copy that the next run knows by itself is entered no second time", () => {
  expect(renewed(copy, "copy", file(), now)).toBeUndefined();
  expect(renewed(copy, "copy", file({ mtimeMs: Date.parse(AT) + 0.5 }), now)).toBeUndefined();
});

test("one of a file that has another inode by now, or was touched, is", () => {
  const told = { ...copy, seenAt: now.toISOString() };
  expect(renewed(copy, "copy", file({ inode: 8 }), now)).toEqual({ ...told, inode: 8 });
  expect(renewed(copy, "copy", file({ mtimeMs: now.getTime() - 1 }), now)).toEqual(told);
  expect(renewed(told, "copy", file({ mtimeMs: now.getTime() - 1 }), now)).toBeUndefined();
});

test("a time in the future is no reason, or each run would enter it", () => {
  expect(renewed(copy, "copy", file({ mtimeMs: now.getTime() + 9000 }), now)).toBeUndefined();
});

test("of other archives only the purpose is told anew: whose inode they have says which file they were made of", () => {
  expect(renewed(copy, "remove", file({ inode: 8 }), now)).toEqual({ ...copy, purpose: "remove" });
  expect(renewed({ ...copy, purpose: "remove" }, "remove", file({ inode: 8 }), now)).toBeUndefined();
});

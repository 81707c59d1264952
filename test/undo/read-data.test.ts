import fc from "fast-check";
import { expect, test } from "vitest";
import type { UndoData } from "../../src/apply/undo-data.ts";
import { readUndoData } from "../../src/undo/read-data.ts";

const left = { bytes: 4, sha256: "l", restFrom: 2, mayGrow: true };
const whole: UndoData[] = [
  {
    ...{ path: "/t.jsonl", sessionId: "s", dialect: "openclaw", mtimeMs: 1.5, left },
    stored: [{ archive: "/a.gz", bytes: 3, sha256: "h" }],
    ownership: { uid: 0, gid: 0, mode: 0o600 },
  },
  {
    ...{ registry: "/r.json", sessionKey: "k", at: 2, before: "b", after: "a" },
    splices: [{ at: 2, remove: "", insert: "x" }],
  },
  { note: "/n.md", offset: 0, bytes: 1, sha256: "h", mtimeMs: null, folders: ["/m"] },
];

test("what a step left is read back as it was written, and not if any of it is missing or of another kind", () => {
  for (const data of whole) {
    expect(readUndoData(JSON.parse(JSON.stringify(data)))).toEqual(data);
    for (const name of Object.keys(data)) {
      expect(readUndoData({ ...data, [name]: undefined }), name).toBeUndefined();
      expect(readUndoData({ ...data, [name]: {} }), name).toBeUndefined();
    }
  }
  expect(readUndoData({ ...whole[0], path: "t.jsonl" })).toBeUndefined();
  expect(readUndoData({ ...whole[0], left: { ...left, restFrom: 5 } })).toBeUndefined();
});

test("what belonged to a transcript is told with it, whole or not at all", () => {
  const sidecars = { archive: "/a.sidecars.tar.gz", base: "/home", gzipBytes: 9, sha256: "h" };
  const data = { ...whole[0], left: "nothing", sidecars };
  expect(readUndoData(JSON.parse(JSON.stringify(data)))).toEqual(data);
  for (const name of Object.keys(sidecars))
    expect(readUndoData({ ...data, sidecars: { ...sidecars, [name]: undefined } }), name).toBeUndefined();
  expect(readUndoData({ ...data, sidecars: { ...sidecars, base: "home" } })).toBeUndefined();
});

test("nothing that a damaged journal may hold is taken for it, and nothing throws", () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => readUndoData(value) === undefined));
});

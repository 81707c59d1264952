import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { KeeperError } from "../../src/errors.ts";
import { type EntryWishes, planEdit } from "../../src/registry/edit-file.ts";
import { openRegistryFile } from "../../src/registry/registry-file.ts";

const folder = mkdtempSync(join(tmpdir(), "edit-file-"));
const [path, draft] = [join(folder, "sessions.json"), join(folder, "draft")];
afterAll(() => rmSync(folder, { recursive: true }));

const NO_WISHES: EntryWishes = { change: () => undefined, replace: new Map(), add: new Map(), remove: new Set() };

/** What becomes of a registry, with the check of what was written. */
function edited(
  text: string,
  wishes: Partial<EntryWishes>,
  tamper = (written: string) => written,
): { text: string; check: () => void } {
  writeFileSync(path, text);
  const file = openRegistryFile(path, new Set(Object.keys(JSON.parse(text))));
  if (!file) throw new Error("it is no registry");
  try {
    const edit = planEdit(file, { ...NO_WISHES, ...wishes });
    writeFileSync(draft, Buffer.concat(Array.from(edit.pieces(), (piece) => Buffer.from(piece))));
    writeFileSync(draft, tamper(readFileSync(draft, "utf8")));
    return { text: readFileSync(draft, "utf8"), check: () => edit.check(draft) };
  } finally {
    file.close();
  }
}

it("entries of a registry beyond any piece that is read at once change, come and go, and all else keeps its bytes", () => {
  const filler = "é🦞 ".repeat(400);
  const entries = Object.fromEntries(
    Array.from({ length: 500 }, (_, index) => [`agent:${index}`, { index, filler: filler.slice(index) }]),
  );
  const text = JSON.stringify(entries, null, 2);
  const remove = new Set(["agent:0", "agent:7", "agent:8", "agent:498", "agent:499", "gone"]);
  const change = (key: string) =>
    key === "agent:300"
      ? () => ({ replace: new Map([["index", "-1"]]), insert: new Map([["new", "true"]]) })
      : undefined;
  const { text: after, check } = edited(text, { remove, change, add: new Map([["agent:new", '"é"']]) });

  const expected = Object.entries(entries).flatMap(([key, entry]): [string, unknown][] => {
    if (remove.has(key)) return [];
    return [[key, key === "agent:300" ? { ...entry, index: -1, new: true } : entry]];
  });
  expect(after).toBe(JSON.stringify(Object.fromEntries([...expected, ["agent:new", "é"]]), null, 2));
  expect(check).not.toThrow();
});

it("what comes into an empty entry is laid out as the registry is", () => {
  const change = () => () => ({ insert: new Map([["a", "1"]]) });
  expect(edited('{\n  "x": {}\n}', { change }).text).toBe('{\n  "x": {\n    "a": 1\n  }\n}');
  expect(edited('{"x":{}}', { change }).text).toBe('{"x":{"a":1}}');
});

it.each([
  ["lacks an entry", (written: string) => written.replace('"b":2,', "")],
  ["has one more", (written: string) => written.replace("}", ',"d":4}')],
  ["has them in another order", (written: string) => written.replace('"b":2,"c":3', '"c":3,"b":2')],
  ["breaks off", (written: string) => written.slice(0, -1)],
])("what was written and %s is not taken for the edit", (_, tamper) => {
  const wishes = { replace: new Map([["a", "5"]]) };
  expect(edited('{"a":1,"b":2,"c":3}', wishes).text).toBe('{"a":5,"b":2,"c":3}');
  expect(edited('{"a":1,"b":2,"c":3}', wishes).check).not.toThrow();
  expect(edited('{"a":1,"b":2,"c":3}', wishes, tamper).check).toThrow(/did not come out as intended/);
});

it("where a name is repeated nothing is edited, and where nothing is to be edited nobody minds", () => {
  expect(() => edited('{"a":1,"b":2,"a":3}', { remove: new Set(["b"]) })).toThrow(/same name twice/);
  expect(edited('{"a":1,"b":2,"a":3}', { remove: new Set(["c"]) }).text).toBe('{"a":1,"b":2,"a":3}');
});

it("an entry that does not have the shape for its change is told as what it is", () => {
  const within = new Map([["map", { remove: new Set(["a"]) }]]);
  const change = () => () => ({ within });
  expect(() => edited('{"k":{"map":"text","map":{"a":1}}}', { change })).toThrow(/same name twice/);
  expect(() => edited('{"k":{"map":"text"}}', { change })).toThrow(KeeperError);
});

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { findMembers } from "../../src/json/json-text.ts";
import { readRegistry } from "../../src/registry/read.ts";
import { holdsEntries, openRegistryFile, type RegistryFile } from "../../src/registry/registry-file.ts";
import { jsonNode, jsonObject, jsonStyle, printJson } from "../support/json-arbitraries.ts";

const folder = mkdtempSync(join(tmpdir(), "registry-file-"));
const path = join(folder, "sessions.json");
afterAll(() => rmSync(folder, { recursive: true }));

/** What of a file's entries can be told by the places at which they were found. */
function told<Told>(
  content: string | Buffer,
  wanted: (names: string[]) => string[],
  tell: (file: RegistryFile) => Told,
): Told | undefined {
  writeFileSync(path, content);
  const names = readRegistry(path).problem ? [] : findMembers(content.toString()).members.map(({ name }) => name);
  const file = openRegistryFile(path, new Set(wanted(names)));
  if (!file) return undefined;
  try {
    return tell(file);
  } finally {
    file.close();
  }
}

const all = (names: string[]) => names;

function entriesOf(file: RegistryFile): [string, string][] {
  return file.root.members.map(({ name, valueAt, valueEnd }) => [name, file.slice(valueAt, valueEnd)]);
}

function entriesIn(text: string): [string, string][] {
  return findMembers(text).members.map(({ name, valueAt, valueEnd }) => [name, text.slice(valueAt, valueEnd)]);
}

describe("openRegistryFile", () => {
  it("finds the entries that a reading of the whole text finds", () => {
    fc.assert(
      fc.property(jsonObject, jsonStyle, (object, style) => {
        const text = printJson(object, style);
        expect(told(text, all, entriesOf)).toEqual(entriesIn(text));
        expect(told(text, all, ({ names }) => [...names])).toEqual(entriesIn(text).map(([name]) => name));
      }),
      { numRuns: 200 },
    );
  });

  it("takes for a registry what the whole text would be taken for", () => {
    const damaged = fc.tuple(jsonNode, jsonStyle, fc.nat(200), fc.constantFrom("", "}", ",", '"', "\\", "1", "\u0000"));
    fc.assert(
      fc.property(damaged, ([node, style, at, put]) => {
        const text = printJson(node, style);
        const content = text.slice(0, at) + put + text.slice(at + 1);
        const isRegistry = told(content, all, () => true) ?? false;
        expect({ content, isRegistry }).toEqual({ content, isRegistry: readRegistry(path).problem === undefined });
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ["nothing", ""],
    ["white space", " \n"],
    ["no UTF-8 in a value", Buffer.from('{"a":"\xff"}', "latin1")],
    ["no UTF-8 in a name", Buffer.from('{"\xff":1}', "latin1")],
    ["a byte order mark", '\ufeff{"a":1}'],
    ["something behind it", '{"a":1} x'],
    ["a number that breaks off", '{"a":12'],
    ["an array", "[]"],
  ])("finds no registry in %s", (_, content) => {
    expect(told(content, all, () => true)).toBeUndefined();
    expect(readRegistry(path).problem).toBeDefined();
  });

  it("reads entries that lie across the pieces in which it reads, whatever their length", () => {
    const lobster = "🦞";
    const value = (index: number) => `{"n":${index},"text":"${lobster.repeat((index * 7919) % 9000)}\\u00e9"}`;
    const entries = Array.from({ length: 120 }, (_, index): [string, string] => [
      `key ${lobster} ${index}`,
      value(index),
    ]);
    entries.splice(60, 0, ["large", `"${"x".repeat(300_000)}"`]);
    const text = `{${" ".repeat(200_000)}${entries.map(([name, one]) => `"${name}" : ${one}`).join(`,${"\n".repeat(99)}`)}\n}\n`;
    expect(told(text, all, entriesOf)).toEqual(entries);
  });

  it("keeps the entries that are wanted with their neighbours, the first, and the last two", () => {
    const text = JSON.stringify(Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`k${index}`, index])));
    const kept = (...wanted: string[]) =>
      told(
        text,
        () => wanted,
        ({ root }) => root.members.map(({ name }) => name).join(" "),
      );
    expect(kept()).toBe("k0 k10 k11");
    expect(kept("k5")).toBe("k0 k4 k5 k6 k10 k11");
    expect(kept("k3", "k4", "k6", "k9")).toBe("k0 k2 k3 k4 k5 k6 k7 k8 k9 k10 k11");
    expect(kept("k0", "k11", "gone")).toBe("k0 k1 k10 k11");
  });

  it("tells that a name is repeated", () => {
    const isRepeating = (text: string) => told(text, all, (file) => file.isRepeating);
    expect(isRepeating('{"a":1,"b":2}')).toBe(false);
    expect(isRepeating('{"a":1,"b":2,"\\u0061":3}')).toBe(true);
  });

  it("gives out the very bytes", () => {
    const text = `{"a":"${"é🦞".repeat(100_000)}"}`;
    const pieces = told(text, all, ({ pieces: give, fingerprint }) =>
      Array.from(give(3, fingerprint.sizeBytes), (piece) => Buffer.from(piece)),
    );
    expect(pieces?.length).toBeGreaterThan(1);
    expect(Buffer.concat(pieces ?? []).toString()).toBe(text.slice(3));
  });
});

it("a file holds just the entries that are expected, in their order, or it does not", () => {
  writeFileSync(path, '{"a":1,"b":{"c":2}}');
  expect(holdsEntries(path, ["a", "b"])).toBe(true);
  for (const others of [["b", "a"], ["a"], ["a", "b", "c"], []]) expect(holdsEntries(path, others)).toBe(false);
  writeFileSync(path, '{"a":1,"b":{"c":2}');
  expect(holdsEntries(path, ["a", "b"])).toBe(false);
  expect(holdsEntries(join(folder, "none"), [])).toBe(false);
});

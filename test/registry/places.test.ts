import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { placesIn, valueWithoutCopies } from "../../src/registry/places.ts";
import { readRegistry } from "../../src/registry/read.ts";
import { jsonNode, jsonStyle, printJson } from "../support/json-arbitraries.ts";

const folder = mkdtempSync(join(tmpdir(), "keeper-places-"));
const path = join(folder, "sessions.json");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("an entry's value is what JSON.parse gives, but for the copies that the gateway makes anew", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), jsonNode), jsonStyle, (nodes, style) => {
      const parts = Object.entries(nodes).map(([key, node]) => `${JSON.stringify(key)}:${printJson(node, style)}`);
      const text = `{${parts.join(",")}}`;
      const values = JSON.parse(text);
      for (const place of placesIn({ text })) expect(valueWithoutCopies(text, place)).toEqual(values[place.name]);
    }),
  );
  const text = '{"a":{"x":1,"skillsSnapshot":{"prompt":"long"},"systemPromptReport":[1],"y":2}}';
  const [place] = placesIn({ text });
  expect(place && valueWithoutCopies(text, place)).toEqual({ x: 1, skillsSnapshot: {}, systemPromptReport: [1], y: 2 });
});

test("a large registry reads as a small one does: order, repeated keys, odd keys, what is no entry", () => {
  const small =
    '{"b":{"sessionId":"1"},"10":{"sessionId":"2"},"b":{"sessionId":"3","pinnedAt":1},"9":5,"__proto__":{"sessionId":"4"}}';
  writeFileSync(path, small);
  const expected = readRegistry(path);
  writeFileSync(path, `${small.slice(0, -1)}${" ".repeat(4_000_000)}}`);
  const { entries, corrupt, problem } = readRegistry(path);
  expect({ entries, corrupt, problem }).toEqual({
    entries: expected.entries,
    corrupt: expected.corrupt,
    problem: undefined,
  });
  expect(entries.map(({ sessionId }) => sessionId)).toEqual(["2", "3", "4"]);
  for (const broken of [small.slice(0, -1), `${small} x`, `[${small}]`]) {
    writeFileSync(path, broken);
    const { problem: asSmall } = readRegistry(path);
    writeFileSync(path, " ".repeat(4_000_001) + broken);
    expect(readRegistry(path).problem).toBe(asSmall);
  }
});

test("a large registry that did not change is not read again, a small one always", () => {
  for (const [padding, isSame] of [
    [0, false],
    [4_000_000, true],
  ] as const) {
    writeFileSync(path, `{"a":{}${" ".repeat(padding)}}`);
    const known = readRegistry(path);
    expect(readRegistry(path, { known }) === known).toBe(isSame);
    writeFileSync(path, `{"a":{},"b":{}${" ".repeat(padding)}}`);
    expect(readRegistry(path, { known }).entries).toHaveLength(2);
  }
});

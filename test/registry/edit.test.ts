import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { KeeperError } from "../../src/errors.ts";
import { findMembers } from "../../src/json/json-text.ts";
import { applySplices, invertSplices } from "../../src/json/splice.ts";
import { bindingsOf } from "../../src/registry/bindings.ts";
import { clearBinding, clearBindings, editEntries, type RegistryEdit } from "../../src/registry/edit.ts";
import { type JsonNode, jsonName, jsonNode, jsonStyle, printJson } from "../support/json-arbitraries.ts";

type Entry = Record<string, unknown>;

const gone = "0b7e4a52-6d3c-4a58-8a4f-0d2a6f6b9c10";
const other = "6f0c1d6e-0f6e-4f9e-9a0b-3b1f2f6f8a11";

const registry = (entries: unknown) => JSON.stringify(entries, null, 2);

const trimmed = (value: unknown) => (typeof value === "string" ? value.trim() : "");
const idIn = (value: unknown) =>
  typeof value === "object" && value !== null ? trimmed((value as Entry).sessionId) : trimmed(value);

/** The session that the gateway goes on with: it believes the bindings, then the ids, then the oldest field. */
function inEffect(entry: Entry, provider: string): string | undefined {
  return bindingsOf(entry).find((binding) => binding.provider === provider)?.sessionId;
}

/** The clearing as a program would do it that can afford to build the values anew. */
function clearParsed(entry: Entry, sessionId: string): Entry {
  const isCleared = (provider: string, value: unknown) =>
    inEffect(entry, provider) === sessionId || idIn(value) === sessionId;
  const cleared = new Map(Object.entries(entry));
  for (const name of ["cliSessionBindings", "cliSessionIds"]) {
    const map = cleared.get(name);
    if (typeof map !== "object" || map === null || Array.isArray(map)) continue;
    const left = Object.entries(map).filter(([provider, value]) => !isCleared(provider, value));
    if (left.length === Object.keys(map).length) continue;
    if (left.length === 0) cleared.delete(name);
    else cleared.set(name, Object.fromEntries(left));
  }
  if (isCleared("claude-cli", trimmed(entry.claudeCliSessionId))) cleared.delete("claudeCliSessionId");
  return Object.fromEntries(cleared);
}

const id: fc.Arbitrary<JsonNode> = fc.constantFrom(gone, other, "").map((value) => ({ raw: JSON.stringify(value) }));
const provider = fc.constantFrom("claude-cli", "codex", "__proto__", "7");
const unique = { selector: ([name]: [string, JsonNode]) => name, maxLength: 4 };
const ids = fc.uniqueArray(fc.tuple(provider, id), unique).map((object) => ({ object }));
const bindings = fc
  .uniqueArray(
    fc.tuple(
      provider,
      fc.oneof(
        id.map(
          (raw): JsonNode => ({
            object: [
              ["h", { raw: "1" }],
              ["sessionId", raw],
            ],
          }),
        ),
        jsonNode,
      ),
    ),
    unique,
  )
  .map((object) => ({ object }));
const member: fc.Arbitrary<[string, JsonNode]> = fc.oneof(
  fc.tuple(
    fc.constant("cliSessionBindings"),
    fc.oneof({ weight: 4, arbitrary: bindings }, { weight: 1, arbitrary: jsonNode }),
  ),
  fc.tuple(fc.constant("cliSessionIds"), fc.oneof({ weight: 4, arbitrary: ids }, { weight: 1, arbitrary: jsonNode })),
  fc.tuple(fc.constant("claudeCliSessionId"), id),
  fc.tuple(jsonName, jsonNode),
);
const entry = fc.uniqueArray(member, { ...unique, maxLength: 7 }).map((object) => ({ object }));
const entries = fc
  .uniqueArray(fc.tuple(jsonName, fc.oneof({ weight: 4, arbitrary: entry }, { weight: 1, arbitrary: jsonNode })), {
    ...unique,
    maxLength: 5,
  })
  .map((object) => ({ object }));

function expectUndoable(before: string, { text, splices, changed }: RegistryEdit): void {
  expect(applySplices(before, splices)).toBe(text);
  expect(applySplices(text, invertSplices(splices))).toBe(before);
  expect(changed).toBe(text !== before);
}

/** Members of the registry as text. */
function textByKey(text: string): Map<string, string> {
  return new Map(findMembers(text).members.map(({ name, valueAt, valueEnd }) => [name, text.slice(valueAt, valueEnd)]));
}

describe("clearBinding", () => {
  it("takes all three fields of the provider out of the one entry and leaves every other line as it was", () => {
    const before = registry({
      "agent:main:main": {
        sessionId: "s",
        cliSessionIds: { "claude-cli": gone, codex: "c" },
        updatedAt: 5,
        cliSessionBindings: { "claude-cli": { sessionId: gone, cwdHash: "x" } },
        claudeCliSessionId: gone,
      },
      "agent:main:other": { sessionId: "t", claudeCliSessionId: gone },
    });
    const after = registry({
      "agent:main:main": { sessionId: "s", cliSessionIds: { codex: "c" }, updatedAt: 5 },
      "agent:main:other": { sessionId: "t", claudeCliSessionId: gone },
    });
    const edit = clearBinding(before, "agent:main:main", gone);
    expect(edit.text).toBe(after);
    expectUndoable(before, edit);
  });

  it.each([
    [
      "cliSessionBindings",
      {
        cliSessionBindings: { "claude-cli": { sessionId: gone } },
        cliSessionIds: { "claude-cli": other },
        claudeCliSessionId: other,
      },
    ],
    ["cliSessionIds", { cliSessionIds: { "claude-cli": gone }, claudeCliSessionId: other }],
    ["claudeCliSessionId", { claudeCliSessionId: gone }],
  ])("clears the whole provider when %s names the session and is what the gateway believes", (_, fields) => {
    const edit = clearBinding(registry({ k: { sessionId: "s", ...fields } }), "k", gone);
    expect(edit.text).toBe(registry({ k: { sessionId: "s" } }));
  });

  it.each([
    ["cliSessionIds", { cliSessionBindings: { "claude-cli": { sessionId: other } } }, { "claude-cli": gone }],
    ["cliSessionIds", { cliSessionBindings: { "claude-cli": { sessionId: other } } }, { "claude-cli": ` ${gone}` }],
    ["claudeCliSessionId", { cliSessionIds: { "claude-cli": other } }, gone],
    ["claudeCliSessionId", { cliSessionBindings: { "claude-cli": { sessionId: other } } }, gone],
  ])("takes only %s where another session is what the gateway believes", (name, kept, value) => {
    const edit = clearBinding(registry({ k: { sessionId: "s", [name]: value, ...kept } }), "k", gone);
    expect(edit.text).toBe(registry({ k: { sessionId: "s", ...kept } }));
  });

  it("leaves claudeCliSessionId when another provider is cleared", () => {
    const edit = clearBinding(
      registry({ k: { cliSessionIds: { codex: gone }, claudeCliSessionId: other } }),
      "k",
      gone,
    );
    expect(edit.text).toBe(registry({ k: { claudeCliSessionId: other } }));
  });

  it("changes nothing when the entry names another session, isn't there, or is no object", () => {
    for (const [before, key] of [
      [registry({ k: { cliSessionIds: { "claude-cli": other } } }), "k"],
      [registry({ k: { claudeCliSessionId: gone } }), "K"],
      [registry({ k: gone }), "k"],
      ["{}", "k"],
    ] as const) {
      expect(clearBinding(before, key, gone)).toEqual({ text: before, splices: [], changed: false });
    }
  });

  it("finds an entry whose key is spelt with escapes", () => {
    expect(clearBinding(`{"agent\\u003amain":{"claudeCliSessionId":"${gone}"}}`, "agent:main", gone).text).toBe(
      '{"agent\\u003amain":{}}',
    );
  });

  it("keeps numbers of twenty digits, integer-like keys in their place, and odd white space", () => {
    const before = `{"b":{"n":12345678901234567890,"claudeCliSessionId":"${gone}" , "7":1},\r\n\t"1":{"x":1e400}}\n`;
    const after = '{"b":{"n":12345678901234567890,"7":1},\r\n\t"1":{"x":1e400}}\n';
    expect(clearBinding(before, "b", gone).text).toBe(after);
  });

  it("does to an entry what the same change of the parsed entry would do, and nothing to any other", () => {
    fc.assert(
      fc.property(entries, jsonStyle, fc.nat(), (node, style, pick) => {
        const before = printJson(node, style);
        const key = node.object[pick % Math.max(node.object.length, 1)]?.[0] ?? "";
        const edit = clearBinding(before, key, gone);
        expectUndoable(before, edit);
        const texts = textByKey(before);
        const edited = textByKey(edit.text);
        expect([...edited.keys()]).toEqual([...texts.keys()]);
        for (const [name, value] of texts) {
          const parsed = JSON.parse(value) as Entry;
          const isEntry = name === key && value.startsWith("{");
          if (isEntry) expect(JSON.parse(edited.get(name) ?? "")).toEqual(clearParsed(parsed, gone));
          else expect(edited.get(name)).toBe(value);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe("clearBindings", () => {
  it("clears every entry that names the session, and no other", () => {
    fc.assert(
      fc.property(entries, jsonStyle, (node, style) => {
        const before = printJson(node, style);
        const edit = clearBindings(before, gone);
        expectUndoable(before, edit);
        const edited = textByKey(edit.text);
        for (const [name, value] of textByKey(before)) {
          if (!value.startsWith("{")) expect(edited.get(name)).toBe(value);
          else expect(JSON.parse(edited.get(name) ?? "")).toEqual(clearParsed(JSON.parse(value) as Entry, gone));
        }
        expect(clearBindings(edit.text, gone).changed).toBe(false);
      }),
      { numRuns: 500 },
    );
  });
});

describe("what the gateway believes of an entry", () => {
  it("stays what it was where it is another session, and is nothing where it is the cleared one", () => {
    fc.assert(
      fc.property(entries, jsonStyle, (node, style) => {
        const before = printJson(node, style);
        const edited = textByKey(clearBindings(before, gone).text);
        for (const [name, value] of textByKey(before)) {
          if (!value.startsWith("{")) continue;
          const [was, is] = [JSON.parse(value) as Entry, JSON.parse(edited.get(name) ?? "") as Entry];
          for (const provider of ["claude-cli", "codex", "7"]) {
            const believed = inEffect(was, provider);
            expect(inEffect(is, provider)).toBe(believed === gone ? undefined : believed);
          }
          expect(bindingsOf(is).map(({ sessionId }) => sessionId)).not.toContain(gone);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe("editEntries", () => {
  it.each([
    ["the registry", `{"k":{"claudeCliSessionId":"${gone}"},"x":1,"x":2}`],
    ["the registry, of the entry itself", `{"k":{},"k":{"claudeCliSessionId":"${gone}"}}`],
    ["the entry", `{"k":{"claudeCliSessionId":"${gone}","x":1,"x":2}}`],
    ["a binding map that stays", `{"k":{"cliSessionIds":{"claude-cli":"${gone}","codex":"a","codex":"b"}}}`],
  ])("refuses to edit where names are repeated in %s", (_, text) => {
    for (const edit of [() => clearBinding(text, "k", gone), () => clearBindings(text, gone)]) {
      expect(edit).toThrow(/same name twice/);
      expect(edit).toThrow(
        expect.objectContaining({ code: "failed", hint: expect.stringMatching(/^Nothing was changed/) }),
      );
    }
  });

  it("has no objection to repeated names when there is nothing to change", () => {
    expect(clearBindings(`{"k":{"claudeCliSessionId":"${gone}"},"k":{}}`, gone).changed).toBe(false);
    expect(clearBindings('{"k":{"x":1,"x":2},"k2":{}}', gone).changed).toBe(false);
  });

  it("refuses malformed text without telling what it says", () => {
    const edit = () => clearBinding('{"k":{"secret":"told}}', "k", gone);
    expect(edit).toThrow(KeeperError);
    expect(edit).toThrow(/^the registry is malformed JSON at offset 22$/);
  });

  it("throws a result away that is not what was intended", () => {
    // A value that isn't one value: it would bring a member along that nobody intended.
    const smuggled = () => editEntries('{"k":{"a":1}}', () => ({ replace: new Map([["a", '1,"b":2']]) }));
    expect(smuggled).toThrow(/did not come out as intended/);
  });

  it("edits an entry nested 100,000 deep", () => {
    const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
    expect(clearBinding(`{"k":{"deep":${deep},"claudeCliSessionId":"${gone}"}}`, "k", gone).text).toBe(
      `{"k":{"deep":${deep}}}`,
    );
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findMembers } from "../../src/json/json-text.ts";
import { salvageRegistry } from "../../src/registry/salvage.ts";
import { type JsonNode, jsonName, jsonNode, jsonObject, jsonStyle, printJson } from "../support/json-arbitraries.ts";
import { timesOf } from "../support/thoroughness.ts";

const salvage = (text: Buffer | string) => salvageRegistry(typeof text === "string" ? Buffer.from(text) : text);
const saved = (text: Buffer | string) => salvage(text).entries.map(({ key, text: value }) => [key, value]);

type Span = { key: string; value: string; fromByte: number; toByte: number };

/** Where each entry of a registry stands in its bytes, from its name to behind its value. */
const spansOf = (text: string): Span[] =>
  findMembers(text).members.map(({ name, nameAt, valueAt, valueEnd }) => ({
    key: name,
    value: text.slice(valueAt, valueEnd),
    fromByte: Buffer.byteLength(text.slice(0, nameAt)),
    toByte: Buffer.byteLength(text.slice(0, valueEnd)),
  }));

const isNumber = ({ value }: Span) => /[\d.]$/.test(value);

/** Entries as the gateway has them: objects that name a session. */
const session: fc.Arbitrary<JsonNode> = fc
  .tuple(fc.uniqueArray(fc.tuple(jsonName, jsonNode), { maxLength: 4, selector: ([name]) => name }), fc.nat())
  .map(([more, at]) => ({
    object: [["sessionId", { raw: '"6f0c"' }], ["updatedAt", { raw: String(at) }], ...more],
  }));
const sessions = (key: fc.Arbitrary<string>) =>
  fc
    .uniqueArray(fc.tuple(key, session), { minLength: 3, maxLength: 5, selector: ([name]) => name })
    .map((object) => ({ object }));
const sessionKey = fc
  .tuple(fc.constantFrom("main:", "ops:telegram:group:-100", "main:x:direct:é"), fc.nat(99))
  .map(([rest, n]) => `agent:${rest}${n}`);

/** Bytes of one entry that are written over. */
type Damage = { of: number; at: number; bytes: number[] };
const byte = fc.oneof(fc.constantFrom(0, 0x22, 0x7b, 0x7d, 0x2c, 0x5c, 0x2f, 0x0a, 0x20, 0xff), fc.nat(255));
const damage: fc.Arbitrary<Damage> = fc.record({
  of: fc.nat(4),
  at: fc.nat(60),
  bytes: fc.oneof(
    fc.array(byte, { minLength: 1, maxLength: 3 }),
    fc.tuple(byte, fc.nat(80)).map(([value, length]) => new Array<number>(length + 1).fill(value)),
  ),
});

function harm(text: string, { of, at, bytes }: Damage) {
  const spans = spansOf(text);
  const target = spans[of % spans.length] as Span;
  const harmed = Buffer.from(text);
  for (const [index, value] of bytes.entries()) {
    const place = target.fromByte + (at % (target.toByte - target.fromByte)) + index;
    if (place < target.toByte) harmed[place] = value;
  }
  return { harmed, others: spans.filter((span) => span !== target) };
}

/** Unless the damage made a second entry of that very key, and readers take that one. */
function expectKept(bytes: Buffer, others: Span[]) {
  const { entries, lost } = salvage(bytes);
  const texts = new Map(entries.map(({ key, text }) => [key, text]));
  for (const { key, value } of others) {
    if (lost.some((part) => part.key === key && part.why === "repeated-key")) continue;
    expect(texts.get(key)).toBe(value);
  }
}

describe("salvageRegistry", () => {
  it("saves all of a registry that is whole, character by character", () => {
    fc.assert(
      fc.property(jsonObject, jsonStyle, (object, style) => {
        const text = printJson(object, style);
        const { entries, lost, isWhole } = salvage(text);
        expect(entries).toEqual(spansOf(text).map(({ value, ...span }) => ({ ...span, text: value })));
        expect([lost, isWhole]).toEqual([[], true]);
      }),
    );
  });

  it("saves every entry before the byte at which the text was cut off, whatever is in it, also when NULs follow", () => {
    fc.assert(
      fc.property(jsonObject, jsonStyle, fc.nat(), fc.nat(9), (object, style, cut, nuls) => {
        const text = printJson(object, style);
        const bytes = Buffer.from(text);
        const at = cut % (bytes.length + 1);
        const whole = spansOf(text).filter((span) => span.toByte < at || (span.toByte === at && !isNumber(span)));
        const result = salvage(Buffer.concat([bytes.subarray(0, at), Buffer.alloc(nuls)]));
        expect(result.entries.map(({ key, text: value }) => [key, value])).toEqual(
          whole.map(({ key, value }) => [key, value]),
        );
        expect(result.entries.every(({ doubt }) => doubt === undefined)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it("keeps all other entries exactly when bytes of one are damaged, whatever their keys are", () => {
    fc.assert(
      fc.property(sessions(jsonName), damage, (object, where) => {
        const { harmed, others } = harm(printJson(object, { pretty: 2 }), where);
        expectKept(harmed, others);
      }),
      { numRuns: timesOf(1500) },
    );
  });

  it("does so in a text without lines, too, and in one with other indentation", () => {
    fc.assert(
      fc.property(sessions(sessionKey), fc.constantFrom(0, 1, 4), damage, (object, indent, where) => {
        const { harmed, others } = harm(printJson(object, { pretty: indent }), where);
        expectKept(harmed, others);
      }),
      { numRuns: timesOf(1500) },
    );
  });

  it("saves each key once, as JSON, of whatever bytes", () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc
        .tuple(sessions(sessionKey), jsonStyle, fc.nat(), fc.uint8Array({ maxLength: 9 }), fc.nat(30))
        .map(([object, style, at, inserted, removed]) => {
          const text = Buffer.from(printJson(object, style));
          const from = at % text.length;
          return Buffer.concat([text.subarray(0, from), inserted, text.subarray(from + removed)]);
        }),
    );
    fc.assert(
      fc.property(bytes, (some) => {
        const { entries, lost } = salvage(Buffer.from(some));
        for (const { text } of entries) JSON.parse(text);
        expect(new Set(entries.map(({ key }) => key)).size).toBe(entries.length);
        for (const { fromByte, toByte } of [...entries, ...lost]) {
          expect(0 <= fromByte && fromByte <= toByte && toByte <= some.length).toBe(true);
        }
      }),
      { numRuns: timesOf(1500) },
    );
  });

  describe("of the gateway's own layout", () => {
    const of = (sessionId: string, updatedAt = 5) => ({ sessionId, updatedAt, origin: { label: "x" } });
    const three = { "agent:main:a": of("a"), "agent:main:b": of("b"), "agent:main:c": of("c") };
    const text = JSON.stringify(three, null, 2);
    const spans = spansOf(text);
    const [a, b, c] = spans.map(({ key, value }) => [key, value]);

    it("tells what could not be saved: its key, and where it stands", () => {
      const [, , last] = spans as [Span, Span, Span];
      const { lost, isWhole } = salvage(text.slice(0, -20));
      expect(lost).toEqual([
        { key: last.key, fromByte: last.fromByte, toByte: Buffer.byteLength(text) - 20, why: "broken" },
      ]);
      expect(isWhole).toBe(false);
    });

    it("gives no name out of damage that is no session key: it may be anything", () => {
      const { lost } = salvage(text.replace('"agent:main:b": {', '"private": "words", "agent'));
      expect(lost.map(({ key }) => key)).toEqual(["private"]);
      const behind = salvage(text.replace('{\n  "agent:main:a"', 'x\n  "private words": "y",\n  "agent:main:a"'));
      expect(behind.lost.map(({ key }) => key)).toEqual([undefined, undefined]);
    });

    it("does not take an entry for whole that has lost its end and others within it", () => {
      const open = text.replace("    }\n  },", "    }\n   ,");
      expect(saved(open)).toEqual([b, c]);
      expect(saved(JSON.stringify(three).replace('"x"}},', '"x"} ,'))).toHaveLength(2);
    });

    it("does not take half an entry for whole that is closed too early, nor its other half for entries", () => {
      const compact = JSON.stringify(three).replace('"updatedAt":5,', '"updatedAt":5},');
      for (const early of [text.replace('"a",', '"a"},'), compact]) {
        expect(salvage(early).entries.map(({ key, doubt }) => [key, doubt])).toEqual([
          ["agent:main:a", "may-lack-fields"],
          ["agent:main:b", undefined],
          ["agent:main:c", undefined],
        ]);
      }
    });

    it("does not take a binding or a report within a broken entry for an entry", () => {
      const rich = {
        sessionId: "r",
        systemPromptReport: { sessionId: "r" },
        cliSessionBindings: { x: { sessionId: "s" } },
      };
      for (const indent of [0, 2]) {
        const broken = JSON.stringify({ "agent:main:r": rich, ...three }, null, indent).replace('"agent:main:r"', "\0");
        expect(salvage(broken).entries.map(({ key }) => key)).toEqual(Object.keys(three));
      }
    });

    it("reads on behind a document, and of the same key takes the newer entry, else the first", () => {
      const newer = JSON.stringify({ "agent:main:b": of("later", 6), "agent:main:d": of("d") });
      expect(salvage(text + newer).entries.map(({ key, text: entry }) => [key, JSON.parse(entry).sessionId])).toEqual([
        ["agent:main:a", "a"],
        ["agent:main:b", "later"],
        ["agent:main:c", "c"],
        ["agent:main:d", "d"],
      ]);
      // Written in place over a longer text, which leaves its end.
      const older = JSON.stringify({ ...three, "agent:main:c": of("older") }, null, 2);
      const { entries, lost } = salvage(text + older.slice(-150));
      expect(entries.map(({ key, text: entry }) => [key, entry])).toEqual([a, b, c]);
      expect(lost.some(({ key, why }) => key === "agent:main:c" && why === "repeated-key")).toBe(true);
    });

    it("saves an entry with bytes that are no UTF-8 as the gateway would read it, and says so", () => {
      const bytes = Buffer.from(text.replace('"b"', '"é"'));
      bytes[bytes.indexOf("é")] = 0xff;
      const { entries } = salvage(bytes);
      expect(entries[1]).toMatchObject({ key: "agent:main:b", doubt: "replaced-characters" });
      expect(JSON.parse(entries[1]?.text ?? "")).toMatchObject({ sessionId: "\ufffd\ufffd" });
      expect([entries[0]?.doubt, entries[2]?.doubt]).toEqual([undefined, undefined]);
    });
  });

  it("converts JSON5 entry by entry, also where it breaks off, and leaves what is JSON as it is", () => {
    const json5 = `\ufeff// mine\n{ 'agent:main:a': { sessionId: 'it\\'s', n: 0x10, big: 12345678901234567890, }, /* , */
      __proto__: {"sessionId": "p",  "n": 1e400},\n  "agent:main:c": {sessionId: "c"`;
    expect(saved(json5)).toEqual([
      ["agent:main:a", `{ "sessionId": "it's", "n": 16, "big": 12345678901234567890 }`],
      ["__proto__", '{"sessionId": "p",  "n": 1e400}'],
    ]);
    expect(salvage(json5).lost.map(({ key }) => key)).toEqual(["agent:main:c"]);
    expect(salvage(`${json5}},}`).isWhole).toBe(true);
  });

  it("keeps of repeated names the last, which readers take, and lists the others", () => {
    const { entries, lost, isWhole } = salvage('{"a":{"x":1,"y":2,"x":3},"b":{"n":1},"b":{"n":12345678901234567890}}');
    expect(entries.map(({ key, text }) => [key, text])).toEqual([
      ["a", '{"y":2,"x":3}'],
      ["b", '{"n":12345678901234567890}'],
    ]);
    expect(lost.map(({ key, why }) => [key, why])).toEqual([
      ["a", "repeated-fields"],
      ["b", "repeated-key"],
    ]);
    expect(isWhole).toBe(true);
  });

  it("is not exhausted by deep nesting, closed or not, of JSON or JSON5", () => {
    for (const [open, close] of [
      ["[", "]"],
      ['{"a":', "}"],
      ["{a:", "}"],
    ] as const) {
      const nested = `${open.repeat(100_000)}1${close.repeat(100_000)}`;
      expect(saved(`{"a":{"sessionId":"x","n":${nested}},"b":{}}`).map(([key]) => key)).toEqual(["a", "b"]);
      expect(saved(`{"b":{},"a":{"n":${open.repeat(100_000)}`)).toEqual([["b", "{}"]]);
    }
  });

  it("finds nothing in what holds nothing", () => {
    for (const text of ["", " \n", "\0\0\0", "[]", "null", "{", '"agent:main:a"', "no registry"]) {
      expect(salvage(text)).toMatchObject({ entries: [], isWhole: false });
    }
    expect(salvage("{}")).toEqual({ entries: [], lost: [], isWhole: true });
  });
});

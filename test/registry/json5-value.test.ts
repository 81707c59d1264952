import fc from "fast-check";
import JSON5 from "json5";
import { describe, expect, it } from "vitest";
import { fromByteText, toByteText } from "../../src/registry/byte-text.ts";
import { convertJson5 } from "../../src/registry/json5-value.ts";
import { jsonNode, jsonStyle, printJson } from "../support/json-arbitraries.ts";

/** The JSON of a whole JSON5 text; undefined when it is none. */
function convert(text: string): string | undefined {
  const bytes = toByteText(Buffer.from(text));
  const converted = convertJson5(bytes, 0);
  return "json" in converted && converted.end === bytes.length ? fromByteText(converted.json).text : undefined;
}

const space = fc.constantFrom("", " ", "\n", "\t", "\u00a0", "\u2028", "/* c */", "// c\n", "/***/", "/*\n*/ ");
const scalar = fc.oneof(
  fc.constantFrom(
    "0x1F",
    "-0xff",
    "+5",
    ".5",
    "-.5",
    "5.",
    "5.e3",
    "1E-7",
    "true",
    "null",
    "0",
    "-0",
    "12345678901234567890",
  ),
  fc.constantFrom(
    "'it\\'s'",
    "'\"'",
    '"\\x41\\v\\0"',
    "'a\\\nb'",
    "'a\\\r\nb'",
    '"\\u00e9é🦞"',
    "'\\q\\\"'",
    "'\t'",
    "'//'",
  ),
  fc.string({ maxLength: 8 }).map((text) => JSON.stringify(text)),
);
const name = fc.oneof(
  fc.constantFrom("a", "$b", "_c1", "é", "'q q'", '"__proto__"', "__proto__"),
  fc.constant("'\\''"),
);
const json5: fc.Arbitrary<string> = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    scalar,
    fc
      .tuple(fc.array(fc.tuple(space, tie("value"), space), { maxLength: 3 }), fc.boolean(), space)
      .map(([items, more, end]) =>
        enclose(
          "[]",
          items.map((item) => item.join("")),
          more,
          end,
        ),
      ),
    fc
      .tuple(fc.array(fc.tuple(space, name, space, space, tie("value"), space), { maxLength: 3 }), fc.boolean(), space)
      .map(([items, more, end]) =>
        enclose(
          "{}",
          items.map(([s, key, t, u, value, v]) => `${s}${key}${t}:${u}${value}${v}`),
          more,
          end,
        ),
      ),
  ),
})).value;

function enclose([open, close]: string, items: string[], hasLastComma: boolean, end: string): string {
  return `${open}${items.join(",")}${hasLastComma && items.length > 0 ? "," : ""}${end}${close}`;
}

describe("convertJson5", () => {
  it("makes JSON that means what the program for JSON5 reads", () => {
    fc.assert(
      fc.property(json5, (text) => {
        expect(JSON.parse(convert(text) ?? "undefined")).toEqual(JSON5.parse(text));
      }),
      { numRuns: 1000 },
    );
  });

  it("leaves what is JSON as it is, to the last character", () => {
    fc.assert(
      fc.property(jsonNode, jsonStyle, (node, style) => {
        const text = printJson(node, style).trim();
        fc.pre(JSON.stringify(JSON5.parse(text)) !== undefined);
        expect(convert(text)).toBe(text);
      }),
    );
  });

  it("takes nothing that JSON5 does not allow", () => {
    fc.assert(
      fc.property(
        json5,
        fc.nat(),
        fc.constantFrom("", "'", '"', ",", ":", "}", "]", "/", "\\", "0", "x"),
        (text, at, put) => {
          const from = at % (text.length + 1);
          // Half a character would not come through a file.
          const broken = Buffer.from(text.slice(0, from) + put + text.slice(from + 1)).toString();
          const converted = convert(broken);
          if (converted === undefined) return;
          expect(JSON.parse(converted)).toEqual(JSON5.parse(broken));
        },
      ),
      { numRuns: 2000 },
    );
  });

  it("tells where it fails, which is the end of a text that breaks off", () => {
    for (const text of ["{a:1,", "{a", "['x', /* c", "'abc", "[1,"]) {
      expect(convertJson5(text, 0)).toEqual({ failedAt: text.length });
    }
    expect(convertJson5("{a: \0}", 0)).toEqual({ failedAt: 4 });
    expect(convertJson5("{'a' 1}", 0)).toEqual({ failedAt: 5 });
  });

  it("turns numbers that JSON has not into null, as the gateway writes them", () => {
    expect(convert("[Infinity, -Infinity, NaN, 1e400]")).toBe("[null, null, null, 1e400]");
  });
});

import fc from "fast-check";

/** A JSON value as text would spell it: numbers keep their digits, objects their order. */
export type JsonNode = { raw: string } | { array: JsonNode[] } | { object: [string, JsonNode][] };

/** Puts a value into text. `spaces` are used up in turn wherever white space may stand. */
export type Style = { pretty: number } | { spaces: string[]; escaped: boolean };

/** Names that trip naive readers. */
const nastyNames = [
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "0",
  "7",
  "10",
  "",
  " ",
  'a"b',
  "\\",
  "a\\",
  "é",
  "😀",
  "\u2028",
  "\n",
  "}",
  "{",
  ",",
  ":",
  "null",
];

export const jsonName = fc.oneof(
  fc.constantFrom(...nastyNames),
  fc.string({ maxLength: 6 }),
  fc.string({ unit: "binary", maxLength: 4 }),
);

const rawValue = fc.oneof(
  fc.constantFrom("true", "false", "null", "-0", "1e400", "12345678901234567890", "-98765432109876543210.5", "1E-7"),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value)),
  fc.string({ maxLength: 12 }).map((value) => JSON.stringify(value)),
  fc.constantFrom('"\\\\"', '"\\""', '"\\\\\\""', '"\\u0041\\ud83d"', '"{[,:\\"]}"', '"\\/"', '"🦞"'),
);

/** Any JSON value; names in an object differ. */
export const jsonNode: fc.Arbitrary<JsonNode> = fc.letrec<{ node: JsonNode; object: JsonNode }>((tie) => ({
  node: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    rawValue.map((raw) => ({ raw })),
    fc.array(tie("node"), { maxLength: 4 }).map((array) => ({ array })),
    tie("object"),
  ),
  object: jsonMembers(tie("node")).map((object) => ({ object })),
})).node;

export const jsonObject = jsonMembers(jsonNode).map((object) => ({ object }));

export const jsonStyle: fc.Arbitrary<Style> = fc.oneof(
  fc.constant({ pretty: 2 }),
  fc.constant({ pretty: 0 }),
  fc.record({
    spaces: fc.array(fc.constantFrom("", " ", "\n", "\t", "\r\n  ", "   "), { minLength: 1, maxLength: 7 }),
    escaped: fc.boolean(),
  }),
);

function jsonMembers(node: fc.Arbitrary<JsonNode>): fc.Arbitrary<[string, JsonNode][]> {
  return fc.uniqueArray(fc.tuple(jsonName, node), { maxLength: 6, selector: ([name]) => name });
}

export function printJson(node: JsonNode, style: Style): string {
  if ("pretty" in style) return printPretty(node, style.pretty, "\n");
  let used = 0;
  const space = () => style.spaces[used++ % style.spaces.length] ?? "";
  const name = (text: string) => (style.escaped ? escapeAll(text) : JSON.stringify(text));
  const print = (value: JsonNode): string => {
    if ("raw" in value) return value.raw;
    const [open, close] = "array" in value ? "[]" : "{}";
    const parts =
      "array" in value
        ? value.array.map((item) => space() + print(item) + space())
        : value.object.map(([key, item]) => `${space()}${name(key)}${space()}:${space()}${print(item)}${space()}`);
    return `${open}${parts.length === 0 ? space() : parts.join(",")}${close}`;
  };
  return `${space()}${print(node)}${space()}`;
}

/** As `JSON.stringify` indents. */
function printPretty(node: JsonNode, indent: number, line: string): string {
  if ("raw" in node) return node.raw;
  const inner = line + " ".repeat(indent);
  const parts =
    "array" in node
      ? node.array.map((item) => printPretty(item, indent, inner))
      : node.object.map(
          ([name, item]) => `${JSON.stringify(name)}:${indent > 0 ? " " : ""}${printPretty(item, indent, inner)}`,
        );
  const [open, close] = "array" in node ? "[]" : "{}";
  if (parts.length === 0 || indent === 0) return `${open}${parts.join(",")}${close}`;
  return `${open}${inner}${parts.join(`,${inner}`)}${line}${close}`;
}

function escapeAll(text: string): string {
  return `"${Array.from({ length: text.length }, (_, at) => `\\u${text.charCodeAt(at).toString(16).padStart(4, "0")}`).join("")}"`;
}

import { describe, expect, test } from "vitest";
import { commonWords, TEXT_MARK } from "../../src/skimmer/kept.ts";
import { createSkimmer, type SkimmedLine } from "../../src/skimmer/skimmer.ts";
import { fileOf, firstDifference, skim, skimmedPaths } from "../support/skim.ts";

/** The only line there should be. */
function skimLine(line: string, nextSize?: () => number): SkimmedLine {
  const [only, ...others] = skim(line, nextSize);
  expect(others).toEqual([]);
  return only as SkimmedLine;
}

const skeletonOf = (row: unknown) => skimLine(toBytes(JSON.stringify(row))).row;
const toBytes = (text: string) => Buffer.from(text).toString("latin1");

describe("a skeleton", () => {
  test("holds what stands at the paths and nothing else", () => {
    for (const name of skimmedPaths.filter((path) => /^\w+$/.test(path))) {
      const misspelt = Array.from(name, (_, at) => `${name.slice(0, at)}~${name.slice(at + 1)}`);
      const others = Object.fromEntries([...misspelt, `${name}~`, name.slice(0, -1), ""].map((other) => [other, 2]));
      expect(skeletonOf({ ...others, [name]: 1 })).toEqual({ [name]: 1 });
    }
  });

  test("holds the same names only there", () => {
    const message = {
      usage: { type: "a" },
      content: [{ input: { id: "b" }, id: "c", leafUuid: "d" }, ["e", [null]], 3],
    };
    expect(skeletonOf({ data: { type: "e" }, message, type: [{ type: "f" }], id: { id: "g" } })).toEqual({
      message: { content: [{ id: "c" }, [], 3] },
      type: [],
      id: {},
    });
    expect(skeletonOf({ content: [[{ id: 1, type: 2 }, { id: { id: 3 } }], { id: 4 }] })).toEqual({
      content: [[{ id: 1 }, { id: {} }], {}],
    });
  });

  test("holds each name only where it belongs, whatever else is there", () => {
    const names = new Set([...skimmedPaths.flatMap((path) => path.match(/\w+/g) ?? []), ...commonWords]);
    const everything = (depth: number): unknown =>
      depth === 0 ? "stop" : Object.fromEntries([...names].map((name) => [name, everything(depth - 1)]));
    for (const rows of [
      [everything(1)],
      [everything(2)],
      [{ message: { content: [everything(2)] } }],
      [{ content: [[everything(1)], everything(2)] }],
    ]) {
      const { file, expected } = fileOf(rows.map((row) => JSON.stringify(row)));
      expect(skim(file)).toEqual(expected);
    }
  });

  test("tells each of the words that stand in most rows as it is, whole or not", () => {
    for (const word of commonWords) {
      for (const text of [word, word.slice(0, -1), `${word}s`, word.toUpperCase()])
        expect(skeletonOf({ type: text, message: { role: text, content: [text, { type: text }] } })).toEqual({
          type: text,
          message: { role: text, content: [text, { type: text }] },
        });
    }
    expect(skimLine('{"type":"us\\u0065r"}').row).toEqual({ type: "user" });
  });

  test("holds the last of members with the same name, as JSON.parse does", () => {
    expect(skimLine('{"id":"a","content":{"id":1},"id":"b","content":[]}').row).toEqual({ id: "b", content: [] });
    const twice =
      '{"message":{"role":"user","id":"a"},"type":"b","message":{"content":[{"id":1}],"content":[{"type":2}]}}';
    expect(skimLine(twice).row).toEqual({ type: "b", message: { content: [{ type: 2 }] } });
    expect(skimLine('{"message":{"role":"user"},"message":"none"}').row).toEqual({ message: "none" });
  });

  test("has a mark for long text, and no room for other long strings", () => {
    const [short, long] = ["x".repeat(200), "x".repeat(201)];
    const content = [{ text: short, partialJson: "é" }, long, { text: long }];
    expect(skeletonOf({ content: long, message: { content, errorMessage: long } })).toEqual({
      content: TEXT_MARK,
      message: {
        content: [{ text: short, partialJson: TEXT_MARK }, TEXT_MARK, { text: TEXT_MARK }],
        errorMessage: TEXT_MARK,
      },
    });
    expect(skimLine(`{"id":"${long}"}`)).toMatchObject({ isValid: true, needsWhole: true, row: undefined });
    expect(skimLine(`{"id":"\xc3\xa9"}`)).toMatchObject({ isValid: true, needsWhole: true, row: undefined });
    expect(skimLine(`{"data":"${long}"}`)).toMatchObject({ isValid: true, needsWhole: false, row: {} });
  });

  test.each(["", " ", "\\n\\t", "\\u0020", "\u00a0", "\u1680", "\u2003", "\u2028", "\u205f", "\u3000", "\ufeff"])(
    "never has a mark for the white space %j",
    (space) => {
      for (const text of [space, ` ${space} `, space.repeat(201)]) {
        const { isValid, needsWhole, row } = skimLine(toBytes(`{"content":"${text}"}`));
        expect({ isValid, row }).toEqual({
          isValid: true,
          row: needsWhole ? undefined : JSON.parse(`{"content":"${text}"}`),
        });
      }
    },
  );

  test("is not made where it would grow large", () => {
    const row = (blocks: number) => ({
      type: "user",
      message: { content: Array(blocks).fill({ id: "x".repeat(100) }) },
    });
    const [fits, large, huge] = [500, 1_000, 100_000].map((blocks) => JSON.stringify(row(blocks)));
    const lines = skim(`${huge}\n${large}\n${fits}\n${huge}\n{}`, () => 100_000);
    expect(lines.map((line) => line.needsWhole)).toEqual([true, true, false, true, false]);
    expect(lines.map((line) => line.row)).toEqual([undefined, undefined, row(500), undefined, {}]);
  });

  test("is not made of a row nested too deeply, nor of a number that goes on and on", () => {
    const nested = (depth: number) => `{"content":${"[".repeat(depth)}${"]".repeat(depth)}}`;
    expect(skimLine(nested(4_095))).toMatchObject({ isValid: true, needsWhole: false });
    expect(skimLine(nested(4_096))).toMatchObject({ isValid: true, needsWhole: true });
    const digits = "9".repeat(1_000_000);
    expect(skimLine(`{"id":${digits}}`, () => 150)).toMatchObject({ isValid: true, needsWhole: true });
    expect(skimLine(`{"data":${digits}}`, () => 150)).toMatchObject({ isValid: true, needsWhole: false, row: {} });
  });
});

describe("the end of a window", () => {
  const { file, expected } = fileOf([
    '{"type":"a\\u00e9\\ud83e\\udd9e\\"","isSidechain":false,"n":-12.50e+07,"x":[true,null,{}],"y":"\\udd9e"}',
    `{"message":{"content":"${"long text\\\\\\n".repeat(20)}","role":"user"},"version":3, "a name":"${"z".repeat(70)}"}`,
    '\r{"id":null,"uuid":"\xc3\xa9","content":"\xe3\x80\x80","message":{"id":tru}}',
    "",
    `{"${"long name".repeat(10)}":[],"text":"${" ".repeat(203)}","timestamp":${"1".repeat(201)}}`,
    "{}",
  ]);

  test("may lie between any two bytes", () => {
    for (let first = 1; first < file.length; first++) {
      for (const second of [1, 2, 3, 7, 64, file.length]) {
        const sizes = [first, second];
        expect(
          firstDifference(
            skim(file, () => sizes.shift() ?? file.length),
            expected,
          ),
        ).toBe(-1);
      }
    }
  });

  test("may lie at the end of a line, before it and behind it", () => {
    const windowBytes = createSkimmer(0, skimmedPaths).windows[0].length;
    for (const rest of [-2, -1, 0, 1, 2]) {
      const before = '{"type":"user","data":"';
      const row = `${before}${"x".repeat(windowBytes + rest - before.length - 2)}"}`;
      const two = fileOf([row, row, "{}"]);
      expect(skim(two.file)).toEqual(two.expected);
    }
  });

  test("is passed by long lines, whole and broken, with what is kept behind it", () => {
    const text = 'line\\n\\ttext \\"quoted\\" '.repeat(500_000);
    const row = (end: string) => `{"message":{"content":[{"data":"${text}","type":"text","text":"${text}"${end}`;
    const lines = skim([row('}]},"type":"user"}'), row("}]}"), row(',"\t"}]}'), '{"id":1}'].join("\n"));
    expect(lines.map((line) => line.isValid)).toEqual([true, false, false, true]);
    expect(lines[0]?.row).toEqual({ message: { content: [{ type: "text", text: TEXT_MARK }] }, type: "user" });
    expect(lines[3]).toMatchObject({ isTerminated: false, bytes: 8, row: { id: 1 } });
  });

  test("of one file does not disturb another that is read in turns", () => {
    const turns = createSkimmer(0, skimmedPaths);
    const lines: SkimmedLine[] = [];
    for (const [index, byte] of Buffer.from(file, "latin1").entries()) {
      turns.windows[index % 2 ? 1 : 0][0] = byte;
      turns.push(1, (line) => lines.push({ ...line }));
      expect(skim('{"id":"x"}\n{"id":"\\ud800"')).toMatchObject([{ row: { id: "x" } }, { isValid: false }]);
    }
    turns.end(() => expect.unreachable());
    expect(lines).toEqual(expected);
  });

  test("comes after thousands of lines", () => {
    const many = fileOf(Array.from({ length: 30_000 }, (_, index) => (index % 3 ? "" : `{"id":"${index}"}`)));
    expect(firstDifference(skim(many.file), many.expected)).toBe(-1);
  });
});

describe("the end of a file", () => {
  test("that is empty tells no line", () => {
    expect(skim("")).toEqual([]);
  });

  test("behind a newline tells no line", () => {
    expect(skim("{}\n\n")).toMatchObject([{ at: 0 }, { at: 3, bytes: 0, isBlank: true, isTerminated: true }]);
  });

  test.each([
    ['{"id":1}', { isValid: true, row: { id: 1 } }],
    [" {} \r", { isValid: true, row: {} }],
    ['{"id":1', { isValid: false, row: undefined }],
    ['{"id":"\\', { isValid: false, row: undefined }],
    ['{"id":"\\u12', { isValid: false, row: undefined }],
    ['{"id":nul', { isValid: false, row: undefined }],
    ["12", { isValid: true, needsWhole: true }],
    ["12.", { isValid: false }],
    ["true", { isValid: true, needsWhole: true }],
    [" \t", { isValid: false, isBlank: true }],
  ])("without a newline tells the line %j", (line, expected) => {
    for (const size of [1, 2, 100]) {
      expect(skim(`{}\n${line}`, () => size)).toMatchObject([
        { at: 0, bytes: 2, isTerminated: true, isValid: true },
        { at: 3, bytes: line.length, isTerminated: false, isBlank: false, ...expected },
      ]);
    }
  });

  test("is told with offsets from the file's beginning", () => {
    expect(skim("{}\n{}", () => 2, 5e9)).toMatchObject([{ at: 5e9 }, { at: 5e9 + 3, bytes: 2 }]);
  });
});

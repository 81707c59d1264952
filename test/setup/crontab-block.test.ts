import { expect, test } from "vitest";
import { blockOf, splitAtBlock, withBlock, withoutBlock } from "../../src/setup/crontab-block.ts";

const before = "# mine\nPATH=/x\n5 5 * * * caf\xe9 \\% x\n";
const after = "\n\t# and this\n6 6 * * * last";
const lines = ["A=b", "1 1 * * * run"];

test("the block goes to the end, once, and every other byte stays", () => {
  const once = withBlock(before, lines);
  expect(once).toBe(before + blockOf(lines));
  expect(withBlock(once, lines)).toBe(once);
  expect(withoutBlock(once)).toBe(before);
});

test("a block in the middle is replaced in its place", () => {
  const old = `${before}${blockOf(["old"])}${after}`;
  expect(withBlock(old, lines)).toBe(`${before}${blockOf(lines)}${after}`);
  expect(withoutBlock(old)).toBe(before + after);
});

test("a last line without its end gets one before the block", () => {
  expect(withBlock("1 1 * * * a", lines)).toBe(`1 1 * * * a\n${blockOf(lines)}`);
});

test("of nothing but the block, nothing is left", () => {
  expect(withoutBlock(withBlock("", lines))).toBe("");
  expect(splitAtBlock("x\n")).toEqual({ before: "x\n", block: "", after: "" });
});

const [begin, end] = [blockOf([]).split("\n")[0], blockOf([]).split("\n")[1]];

test.for([
  { what: "half a block", text: `a\n${begin}\nb\n`, where: "line 2" },
  { what: "an end alone", text: `a\n${end}\n`, where: "line 2" },
  { what: "an end before its beginning", text: `${end}\n${begin}\n`, where: "line 1, 2" },
  { what: "two blocks", text: `${begin}\n${end}\n${begin}\n${end}\n`, where: "line 1, 2, 3, 4" },
])("$what is left alone, and told with its lines", ({ text, where }) => {
  for (const change of [() => withBlock(text, lines), () => withoutBlock(text)]) expect(change).toThrow(where);
});

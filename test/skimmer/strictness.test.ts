import { describe, expect, test } from "vitest";
import type { SkimmedLine } from "../../src/skimmer/skimmer.ts";
import { seededRandom } from "../support/random.ts";
import { createRowSoup } from "../support/row-soup.ts";
import { fileOf, firstDifference, skim } from "../support/skim.ts";

describe("rows full of traps, half of them damaged", () => {
  const random = seededRandom(20_260);
  const rows = Array.from({ length: 30_000 }, createRowSoup(random));
  const { file, expected } = fileOf(rows);

  test("are of every kind", () => {
    const share = (is: (line: SkimmedLine) => boolean) => expected.filter(is).length / expected.length;
    expect(share((line) => line.isValid)).toBeGreaterThan(0.4);
    expect(share((line) => !line.isValid && !line.isBlank)).toBeGreaterThan(0.3);
    expect(share((line) => line.row !== undefined)).toBeGreaterThan(0.2);
    expect(share((line) => line.needsWhole)).toBeGreaterThan(0.1);
    expect(share((line) => line.hasLoneSurrogate)).toBeGreaterThan(0.1);
    expect(share((line) => line.isBlank)).toBeGreaterThan(0.01);
  });

  test.each([
    ["as large as the window", () => Number.POSITIVE_INFINITY],
    ["of any size", () => random.size(1, 100_000)],
    ["smaller than most tokens", () => random.integer(1, 40)],
  ])("are judged as JSON.parse and the rules do, in pieces %s", (_, nextSize) => {
    const lines = skim(file, nextSize);
    const wrong = firstDifference(lines, expected);
    expect({ row: rows[wrong], line: lines[wrong] }).toEqual({ row: rows[wrong], line: expected[wrong] });
  });

  test("are judged so when every byte comes alone", () => {
    const some = fileOf(rows.slice(0, 3_000));
    expect(
      firstDifference(
        skim(some.file, () => 1),
        some.expected,
      ),
    ).toBe(-1);
  });
});

describe("all short texts", () => {
  test.each([
    ["a number", ["0", "1", "-", "+", ".", "e", "E"]],
    ["a structure", ["{", "}", "[", "]", ",", ":", '"id"', "0"]],
    ["a string", ['"', "\\", "u", "d", "8", "C", "n", "\t"]],
  ])("made of the parts of %s are judged right", (_, parts) => {
    let texts = [""];
    for (let length = 1; length <= 5; length++) {
      texts = texts.flatMap((text) => parts.map((part) => text + part));
      const rows = texts.flatMap((text) => [text, `{"type":${text}}`, `{"id":"${text}"}`]);
      const { file, expected } = fileOf(rows);
      expect(rows[firstDifference(skim(file), expected)]).toBeUndefined();
    }
  });

  test("of one byte behind a backslash are judged right, wherever they stand in a block", () => {
    const bytes = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte)).filter((byte) => byte !== "\n");
    const rows = Array.from({ length: 130 }, (_, place) => "x".repeat(place)).flatMap((before) =>
      bytes.map((byte) => `{"data":"${before}\\${byte}"}`),
    );
    const { file, expected } = fileOf(rows);
    expect(rows[firstDifference(skim(file), expected)]).toBeUndefined();
  });
});

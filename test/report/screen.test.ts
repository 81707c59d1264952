import { expect, test } from "vitest";
import { layOut, shown } from "../../src/report/screen.ts";

test("what would move the cursor or change colours is shown, not done", () => {
  expect(shown("/a\u001b[31m\n\u009bb/ü")).toBe("/a\\u001b[31m\\n\\u009bb/ü");
});

test("cells stand one below the other, numbers at the end of theirs", () => {
  const rows = [
    ["name", "size", "place"],
    ["a", "1", "x"],
    ["longer", "1000", ""],
  ];
  expect(layOut(rows, [1])).toEqual(["name    size  place", "a          1  x", "longer  1000"]);
});

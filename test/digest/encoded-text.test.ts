import fc from "fast-check";
import { expect, test } from "vitest";
import { cutToFit, encodedBytes, wellFormed } from "../../src/digest/encoded-text.ts";
import { anyText } from "../support/digest.ts";

test("the size of a text is that of its JSON, without the quotes", () => {
  expect([encodedBytes(""), encodedBytes('a"\n'), encodedBytes("é🪜\u0000")]).toEqual([0, 5, 12]);
});

test("a text that fits is not touched; another is cut to fit, with a mark, and nearly fills its room", () => {
  fc.assert(
    fc.property(anyText, fc.integer({ min: 0, max: 200 }), (text, roomBytes) => {
      const cut = cutToFit(text, roomBytes);
      expect(encodedBytes(cut)).toBeLessThanOrEqual(roomBytes);
      if (encodedBytes(text) <= roomBytes) expect(cut).toBe(text);
      else if (roomBytes < 3) expect(cut).toBe("");
      else {
        expect(cut.endsWith("…") && text.startsWith(cut.slice(0, -1))).toBe(true);
        // no character takes more
        expect(encodedBytes(cut)).toBeGreaterThan(roomBytes - 6);
      }
    }),
  );
});

test("a character of two halves is kept whole or left out", () => {
  expect(cutToFit("🪜🪜", 7)).toBe("🪜…");
  expect(cutToFit("🪜🪜", 6)).toBe("…");
});

test("half of a character becomes the sign for a lost one", () => {
  expect(wellFormed("a\ud83eb\ude9c 🪜")).toBe("a\ufffdb\ufffd 🪜");
});

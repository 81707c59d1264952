import fc from "fast-check";
import { expect, test } from "vitest";
import { shareOut } from "../../src/digest/share-out.ts";

const anySections = fc.array(fc.record({ weight: fc.integer({ min: 1, max: 9 }), wholeBytes: fc.nat(2000) }), {
  maxLength: 5,
});

test("what one does not need, the others get by their weight", () => {
  const sections = [
    { weight: 2, wholeBytes: 1000 },
    { weight: 1, wholeBytes: 10 },
    { weight: 1, wholeBytes: 1000 },
  ];
  expect(shareOut(sections, 310)).toEqual([200, 10, 100]);
});

test("never more than there is; all that is wanted where there is room for it; nothing that nobody wants", () => {
  fc.assert(
    fc.property(anySections, fc.integer({ min: -10, max: 5000 }), (sections, roomBytes) => {
      const shares = shareOut(sections, roomBytes);
      const wanted = sections.map(({ wholeBytes }) => wholeBytes);
      expect(sum(shares)).toBeLessThanOrEqual(Math.max(0, roomBytes));
      if (sum(wanted) <= roomBytes) expect(shares).toEqual(wanted);
      for (const [index, share] of shares.entries()) expect(share).toBeLessThanOrEqual(wanted[index] ?? 0);
    }),
  );
});

test("no room stays unused while somebody wants it, but for what does not divide", () => {
  fc.assert(
    fc.property(anySections, fc.nat(5000), (sections, roomBytes) => {
      const wanted = sum(sections.map(({ wholeBytes }) => wholeBytes));
      expect(sum(shareOut(sections, roomBytes))).toBeGreaterThanOrEqual(Math.min(wanted, roomBytes) - sections.length);
    }),
  );
});

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);

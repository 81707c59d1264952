import fc from "fast-check";
import { expect, test } from "vitest";
import { composeDigest } from "../../src/digest/compose.ts";
import { encodedBytes } from "../../src/digest/encoded-text.ts";
import { anyKept, anyText } from "../support/digest.ts";

const archive = "5e551011.20260302T100000Z.size.jsonl.gz";
const LARGE = 10_000_000;
const requests = ["oldest", "older", "newest"].map((word) => ({ text: `${word} ${"and so on ".repeat(60)}` }));
const none = { todos: [], files: [], requests: [] };

test("what it is, the summary, the todos, the files and the requests, in this order and word for word", () => {
  const kept = {
    summary: "Twelve rows.\nOne gate.",
    todos: [{ id: "3", status: "pending", text: "Paint it" }],
    files: ["/a.md"],
    requests: [{ at: "2026-03-02T09:00:00.000Z", text: "Go on." }, { text: "Stop.\nNow." }],
  };
  expect(composeDigest(kept, { archive, files: ["/b.md", "/a.md"], limitBytes: LARGE })).toBe(
    `This session was shortened by session-keeper. All of it until then is in the archive ${archive}. What follows was taken from it word for word; … marks what was left out.

## Summary of the conversation so far
> Twelve rows.
> One gate.

## Open todos
- [pending] #3 Paint it

## Files changed
- /a.md
- /b.md

## Last requests of the user, oldest first
At 2026-03-02T09:00:00.000Z:
> Go on.
At an unknown time:
> Stop.
> Now.`,
  );
});

test("what there is nothing of is not mentioned", () => {
  const text = composeDigest({ ...none, summary: " \n" }, { archive, files: [], limitBytes: LARGE });
  expect(text).not.toContain("\n");
});

test("what an outside command wrote takes the place of the summary, and says so", () => {
  const words = { archive, files: [], limitBytes: LARGE, summarizedBy: "Rows were planted." };
  const text = composeDigest({ ...none, summary: "Twelve rows." }, words);
  expect(text).toContain("\n\n## Summary of the conversation so far, written for this digest\n> Rows were planted.");
  expect(text).not.toContain("Twelve");
  expect(composeDigest({ ...none, summary: "Twelve rows." }, { ...words, summarizedBy: " " })).toContain("> Twelve");
});

test("the newest request survives, and the oldest goes first", () => {
  const within = (limitBytes: number) => composeDigest({ ...none, requests }, { archive, files: [], limitBytes });
  expect(within(LARGE)).toMatch(/> oldest .*\n.*\n> older .*\n.*\n> newest /);
  expect(within(1200)).toMatch(/> oldest .*…\n.*\n> older .*…\n.*\n> newest .*…$/);
  expect(within(300)).toMatch(/oldest first\nAt an unknown time:\n> newest .*…$/);
});

test("the files that changed last survive, and the first todos; how many are missing is said", () => {
  const files = Array.from({ length: 500 }, (_, index) => `/orchard/${index}.md`);
  const todos = files.map((text) => ({ status: "pending", text }));
  const text = composeDigest({ ...none, todos }, { archive, files, limitBytes: 1000 });
  expect(text).toMatch(/## Open todos\n- \[pending\] \/orchard\/0\.md\n(?:- .*\n)+\(\d+ more in the archive\)\n\n/);
  expect(text).toMatch(/## Files changed\n\(\d+ more in the archive\)\n(?:- .*\n)+- \/orchard\/499\.md$/);
  const shown = [...text.matchAll(/^- \//gm)].length;
  const missing = Number(/changed\n\((\d+) more/.exec(text)?.[1]);
  expect(shown + missing).toBe(files.length);
});

test("never larger than the limit as JSON, without half a character, and always the same", () => {
  fc.assert(
    fc.property(
      anyKept,
      fc.array(anyText, { maxLength: 5 }),
      fc.nat(3000),
      fc.option(anyText),
      (kept, files, limitBytes, written) => {
        const words = { archive, files, limitBytes, ...(written === null ? {} : { summarizedBy: written }) };
        const text = composeDigest(kept, words);
        expect(encodedBytes(text)).toBeLessThanOrEqual(limitBytes);
        expect(text).not.toMatch(/\p{Surrogate}/u);
        expect(composeDigest(kept, words)).toBe(text);
      },
    ),
    { numRuns: 500 },
  );
});

test("with room enough nothing is left out, and to the byte no more room is needed", () => {
  fc.assert(
    fc.property(anyKept, (kept) => {
      const whole = composeDigest(kept, { archive, files: [], limitBytes: LARGE });
      expect(whole.split("… marks")).toHaveLength(2);
      expect(composeDigest(kept, { archive, files: [], limitBytes: encodedBytes(whole) })).toBe(whole);
    }),
  );
});

import fc from "fast-check";
import { expect, test } from "vitest";
import { composeDigest } from "../../src/digest/compose.ts";
import { encodedBytes, wellFormed } from "../../src/digest/encoded-text.ts";
import { readDigest } from "../../src/digest/read-digest.ts";
import { anyKept } from "../support/digest.ts";

const words = { archive: "5e551011.20260302T100000Z.size.jsonl.gz", files: [] };
const LARGE = 10_000_000;

test("any other text is none", () => {
  expect(readDigest("This session is being continued from a previous conversation.")).toBeUndefined();
});

test("what a digest held is read back: made again, the digest is the same, whatever the texts look like", () => {
  fc.assert(
    fc.property(anyKept, (kept) => {
      const text = composeDigest(kept, { ...words, limitBytes: LARGE });
      const back = readDigest(text);
      expect(back && composeDigest(back, { ...words, limitBytes: LARGE })).toBe(text);
      expect(back?.requests.length).toBe(kept.requests.length);
      expect(back?.todos.length).toBe(kept.todos.length);
      expect(back?.summary?.trim() ?? "").toBe(wellFormed(kept.summary ?? "").trim());
    }),
  );
});

test("a digest of a digest of a digest does not grow, and one that was cut stays as it is", () => {
  fc.assert(
    fc.property(anyKept, fc.integer({ min: 300, max: 1500 }), (kept, limitBytes) => {
      let text = composeDigest(kept, { ...words, limitBytes });
      for (let times = 0; times < 4; times += 1) {
        const back = readDigest(text);
        const next = back ? composeDigest(back, { ...words, limitBytes }) : "";
        expect(encodedBytes(next)).toBeLessThanOrEqual(encodedBytes(text));
        text = next;
      }
    }),
  );
});

test("lines of the conversation that look like a heading are its own", () => {
  const summary = "Rows.\n## Open todos\n- [pending] not one of ours\n## Files changed\n- /no.md";
  const text = composeDigest({ summary, todos: [], files: [], requests: [] }, { ...words, limitBytes: LARGE });
  expect(readDigest(text)).toEqual({ summary, todos: [], files: [], requests: [] });
});

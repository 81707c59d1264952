import { expect, test } from "vitest";
import { mentionedIn } from "../../src/inspect/references.ts";
import type { Installation } from "../../src/installation/installation.ts";

test("what a registry mentions behind a text with escapes is mentioned all the same", () => {
  const entry = { sessionId: "one", note: 'x\ny "z"', sessionFile: "/f/two.jsonl", checkpoints: ["three"] };
  for (const text of [JSON.stringify({ a: entry }, null, 2), JSON.stringify({ a: entry })]) {
    const registry = { path: "", text, entries: [], corrupt: 0 };
    const registries = [{ agent: "main", path: "", sessions: "", registry }];
    const mentioned = mentionedIn(registries satisfies Installation["registries"]);
    expect([...mentioned]).toEqual(expect.arrayContaining(["one", "two.jsonl", "three"]));
  }
});

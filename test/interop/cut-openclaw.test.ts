import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  asks,
  compacts,
  cutOpenClaw,
  entry,
  fileOf,
  header,
  notes,
  opening,
  plain,
  replies,
  says,
} from "../support/cut-openclaw.ts";
import { randomTranscript } from "../support/random-transcript.ts";
import { writeTranscript } from "../support/transcript-generator.ts";
import type { Continued } from "./continue-transcript.ts";
import { installOpenClaw } from "./packages.ts";
import { copyState, runScript } from "./state.ts";

const VERSIONS = ["2026.2.9", "2026.4.15", "2026.6.11"];
const RANDOM_CASES = 40;
/** More than is read whole: what is left out of it is skimmed. */
const LARGE_BYTES = 6_000_000;

const calls = (id: string, parentId: string, callIds: string[]) =>
  entry("message", id, parentId, {
    message: {
      role: "assistant",
      content: callIds.map((callId) => ({ type: "toolCall", id: callId, name: "read", arguments: { path: "a" } })),
      provider: "anthropic",
      model: "claude-example",
      stopReason: "toolUse",
    },
  });
const result = (id: string, parentId: string, toolCallId: string) =>
  entry("message", id, parentId, {
    message: { role: "toolResult", toolCallId, toolName: "read", content: [{ type: "text", text: "ok" }] },
  });
const label = (id: string, parentId: string, targetId: string) =>
  entry("label", id, parentId, { targetId, label: "x" });

const cases: Record<string, readonly object[]> = {
  "one compaction": plain,
  "two compactions": [...plain, asks("n3", "n2"), replies("n4", "n3"), compacts("c2", "n4", "n1"), replies("n5", "c2")],
  "a compaction between what is kept and the last one": [
    ...plain,
    asks("n3", "n2"),
    compacts("c2", "n3", "k2"),
    replies("n4", "c2"),
  ],
  "tool calls, some of them kept": [
    ...opening.slice(0, 3),
    calls("a3", "a2", ["toolu_01A"]),
    result("a4", "a3", "toolu_01A"),
    asks("k1", "a4"),
    calls("k2", "k1", ["toolu_01B", "toolu_01C"]),
    result("k3", "k2", "toolu_01C"),
    result("k4", "k3", "toolu_01B"),
    replies("k5", "k4"),
    compacts("c1", "k5", "k1"),
    asks("n1", "c1"),
    calls("n2", "n1", ["toolu_01D"]),
    result("n3", "n2", "toolu_01D"),
  ],
  "state that was set before": [
    header,
    entry("model_change", "m1", null, { provider: "anthropic", modelId: "old" }),
    entry("thinking_level_change", "t1", "m1", { thinkingLevel: "low" }),
    notes("x1", "t1", "model-snapshot"),
    asks("a1", "x1"),
    replies("a2", "a1"),
    entry("thinking_level_change", "t2", "a2", { thinkingLevel: "high" }),
    entry("custom_message", "y1", "t2", { customType: "note", content: "gone", display: false }),
    entry("session_info", "i1", "y1", { name: "mine" }),
    asks("k1", "i1"),
    entry("custom_message", "y2", "k1", { customType: "note", content: "here", display: false }),
    replies("k2", "y2"),
    compacts("c1", "k2", "k1"),
    entry("thinking_level_change", "t3", "c1", { thinkingLevel: "medium" }),
  ],
  "branches that were left, and labels": [
    ...opening,
    asks("b1", "a2"),
    replies("b2", "b1"),
    label("l1", "k2", "a1"),
    label("l2", "l1", "k1"),
    asks("d1", "l2"),
    replies("d2", "d1"),
    entry("branch_summary", "s1", "l2", { fromId: "d2", summary: "left" }),
    compacts("c1", "s1", "k1"),
    label("l3", "c1", "a2"),
    replies("b3", "b2"),
    asks("n1", "l3"),
    replies("n2", "n1"),
    label("l4", "n2", "a1"),
  ],
  "a compaction that keeps nothing but its summary": [
    ...opening,
    compacts("c1", "k2", "c1"),
    asks("n1", "c1"),
    replies("n2", "n1"),
  ],
  "rows that navigate, and rows beside the conversation": [
    ...opening,
    compacts("c1", "k2", "k1"),
    says("assistant", "p1", "c1", { appendMode: "side" }),
    entry("leaf", "f1", "p1", { targetId: "c1", appendParentId: "p1", appendMode: "side" }),
    asks("n1", "p1"),
    replies("n2", "n1"),
    asks("q1", "n2"),
    entry("leaf", "f2", "q1", { targetId: "n2" }),
  ],
};
/** What older releases do not know, and would put together in another way before the cut as well. */
const SINCE_6 = "rows that navigate, and rows beside the conversation";

let root: string;
/** of each case, the transcript as it was and as it is after the cut */
const before = new Map<string, string>();
const after = new Map<string, string>();

beforeAll(async () => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "keeper-interop-cut-")));
  for (const [name, rows] of Object.entries(cases)) await cutCase(name, fileOf(rows));
  for (let seed = 1; after.size < Object.keys(cases).length + RANDOM_CASES; seed += 1) {
    const { lines } = randomTranscript("openclaw", seed);
    await cutCase(`random ${seed}`, `${lines.join("\n")}\n`, true);
  }
  const large = join(root, "large.jsonl");
  writeTranscript(large, { dialect: "openclaw", bytes: LARGE_BYTES, boundaries: 2, seed: 3 });
  await cutCase("a large one", readFileSync(large, "utf8"));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

async function cutCase(name: string, text: string, isOptional = false): Promise<void> {
  const path = join(root, "cut.jsonl");
  writeFileSync(path, text);
  const cut = await cutOpenClaw(path);
  if ("refused" in cut) {
    if (!isOptional) throw new Error(`${name} was refused: ${cut.refused} in line ${cut.line}`);
    return;
  }
  expect(cut.bytes.length).toBeLessThan(Buffer.byteLength(text) + 300);
  before.set(name, text);
  after.set(name, cut.bytes.toString());
}

describe.each(VERSIONS)("OpenClaw %s", (version) => {
  test("rebuilds of every transcript the same context after the cut, leaves the file alone, and goes on in it", async ({
    skip,
  }) => {
    const openclaw = await installOpenClaw(version);
    if ("missing" in openclaw) return skip(openclaw.missing);
    const state = copyState(version);
    try {
      const put = (text: string, name: string) => {
        const path = join(state.openclaw, "agents", "cut", "sessions", name);
        mkdirSync(join(path, ".."), { recursive: true });
        writeFileSync(path, text);
        return path;
      };
      const names = [...after.keys()].filter((name) => name !== SINCE_6 || version === "2026.6.11");
      const run = async (texts: Map<string, string>, suffix: string): Promise<Continued[]> => {
        const paths = names.map((name, index) => put(texts.get(name) ?? "", `${index}-${suffix}.jsonl`));
        const printed = await runScript("continue-transcript.ts", openclaw, state, ...paths);
        return printed
          .trimEnd()
          .split("\n")
          .map((line): Continued => JSON.parse(line));
      };
      const [whole, cut] = [await run(before, "whole"), await run(after, "cut")];
      expect(cut).toHaveLength(names.length);
      names.forEach((name, index) => {
        const [one, other] = [whole[index], cut[index]];
        if (!one || !other || "error" in one || "error" in other) {
          expect({ name, one, other }).toBe("continued");
          return;
        }
        expect(one.context.messages.length, name).toBeGreaterThan(1);
        expect(other.context, name).toEqual(one.context);
        expect(other.contextAfter, name).toEqual(one.contextAfter);
        expect(other.contextAfter.messages.slice(0, -2), name).toEqual(other.context.messages);
        const text = after.get(name) ?? "";
        if (!isRewritten(text)) expect(other.file === text, `${name} was left alone`).toBe(true);
        expect(other.fileAfter.startsWith(other.file), name).toBe(true);
      });
    } finally {
      state.remove();
    }
  });
});

/** Whether a release (6.11) changes the file before the cut as well: a failed turn without words, an image that is made up. */
function isRewritten(text: string): boolean {
  return /"content":\[\],[^\n]*"stopReason":"error"|"mimeType":"image/.test(text);
}

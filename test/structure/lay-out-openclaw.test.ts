import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import {
  asks,
  compacts,
  contextOf,
  cutOpenClaw,
  entry,
  fileOf,
  header,
  idsOf,
  linesOf,
  notes,
  opening,
  type Row,
  replies,
  says,
} from "../support/cut-openclaw.ts";

const folder = mkdtempSync(join(tmpdir(), "lay-out-"));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, "s.jsonl");

/** The lines of the result; fails when there is no cut. */
async function cutLines(rows: readonly object[]): Promise<string[]> {
  writeFileSync(path, fileOf(rows));
  const result = await cutOpenClaw(path);
  if ("refused" in result) throw new Error(`refused: ${result.refused} in line ${result.line}`);
  return linesOf(result.bytes);
}

test("state that was set before stays, in its order: the last of what is set, and what extensions noted", async () => {
  const rows = [
    header,
    entry("model_change", "m1", null, { modelId: "old" }),
    entry("thinking_level_change", "t1", "m1", { thinkingLevel: "low" }),
    notes("x1", "t1"),
    entry("session_info", "i1", "x1", { name: "one" }),
    asks("a1", "i1"),
    entry("model_change", "m2", "a1", { modelId: "new" }),
    entry("custom_message", "y1", "m2", { customType: "mine", content: "gone" }),
    entry("session_info", "i2", "y1", { name: "two" }),
    notes("x2", "i2"),
    replies("a2", "x2"),
    asks("k1", "a2"),
    replies("k2", "k1"),
    compacts("c1", "k2", "k1"),
  ];
  const lines = await cutLines(rows);
  const parents = lines.slice(1).map((line) => (JSON.parse(line) as Row).parentId);
  expect(idsOf(lines)).toEqual(["5e900001", "t1", "x1", "m2", "i2", "x2", "k1", "k2", "c1"]);
  expect(parents).toEqual([null, "5e900001", "t1", "x1", "m2", "i2", "x2", "k1", "k2"]);
  expect(contextOf(lines)).toEqual(contextOf(rows.map((row) => JSON.stringify(row))));
});

test("of what OpenClaw notes for itself at every turn, the newest stay; of others all; of our own row none", async () => {
  const many = (prefix: string, from: string, customType: string) =>
    Array.from({ length: 20 }, (_, index) =>
      notes(`${prefix}${index}`, index === 0 ? from : `${prefix}${index - 1}`, customType),
    );
  const rows = [
    header,
    notes("old", null, "segment-header"),
    ...many("t", "old", "openclaw.cache-ttl"),
    ...many("e", "t19", "their.extension"),
    asks("k1", "e19"),
    replies("k2", "k1"),
    compacts("c1", "k2", "k1"),
  ];
  const ids = idsOf(await cutLines(rows));
  expect(ids.filter((id) => id.startsWith("t"))).toEqual(["t12", "t13", "t14", "t15", "t16", "t17", "t18", "t19"]);
  expect(ids.filter((id) => id.startsWith("e"))).toHaveLength(20);
  expect(ids).not.toContain("old");
});

test("a branch that was left stays where it hangs on what stays, and goes where it does not", async () => {
  const rows = [
    ...opening,
    asks("b1", "a2"),
    replies("b2", "b1"),
    asks("d1", "k2"),
    replies("d2", "d1"),
    compacts("c1", "k2", "k1"),
    entry("branch_summary", "s1", "c1", { fromId: "b2", summary: "left" }),
    replies("b3", "b2"),
    asks("n1", "s1"),
    replies("n2", "n1"),
  ];
  expect(idsOf(await cutLines(rows))).toEqual(["5e900001", "k1", "k2", "d1", "d2", "c1", "s1", "n1", "n2"]);
});

test("a label of what is cut off goes, and what hung on it hangs on; others stay, and so does the last row", async () => {
  const label = (id: string, parentId: string, targetId: string) =>
    entry("label", id, parentId, { targetId, label: "x" });
  const rows = [
    ...opening,
    label("l1", "k2", "a1"),
    label("l2", "l1", "a2"),
    label("l3", "l2", "k1"),
    compacts("c1", "l3", "k1"),
    label("l4", "c1", "a1"),
    asks("n1", "l4"),
    label("l5", "n1", "a1"),
  ];
  const lines = await cutLines(rows);
  expect(idsOf(lines)).toEqual(["5e900001", "k1", "k2", "l3", "c1", "n1", "l5"]);
  const parents = lines.slice(4).map((line) => (JSON.parse(line) as Row).parentId);
  expect(parents).toEqual(["k2", "l3", "c1", "n1"]);
  expect(contextOf(lines)).toEqual(contextOf(rows.map((row) => JSON.stringify(row))));
});

test("a label that another row names for a place stays", async () => {
  const label = (id: string, parentId: string) => entry("label", id, parentId, { targetId: "a1", label: "x" });
  const rows = [
    ...opening,
    label("l1", "k2"),
    compacts("c0", "l1", "l1"),
    label("l2", "c0"),
    compacts("c1", "l2", "k1"),
    label("l3", "c1"),
    replies("n1", "l3"),
    entry("leaf", "f1", "n1", { targetId: "l3" }),
    replies("n2", "l3"),
  ];
  expect(idsOf(await cutLines(rows))).toEqual(["5e900001", "k1", "k2", "l1", "c0", "c1", "l3", "n1", "f1", "n2"]);
});

test("a compaction between what is kept and the last one stays as it is", async () => {
  const rows = [
    header,
    asks("a1", null),
    replies("a2", "a1"),
    asks("k1", "a2"),
    compacts("c0", "k1", "a1"),
    replies("k2", "c0"),
    compacts("c1", "k2", "k1"),
  ];
  expect(await cutLines(rows)).toEqual([
    JSON.stringify(header),
    expect.anything(),
    JSON.stringify(asks("k1", "5e900001")),
    ...rows.slice(4).map((row) => JSON.stringify(row)),
  ]);
});

test("a compaction that keeps nothing but its summary names itself, and is the first row that stays", async () => {
  const rows = [...opening, compacts("c1", "k2", "c1"), asks("n1", "c1"), replies("n2", "n1")];
  expect(idsOf(await cutLines(rows))).toEqual(["5e900001", "c1", "n1", "n2"]);
});

test("a row that navigates within what stays does so afterwards, as do rows beside the conversation", async () => {
  const side = { appendMode: "side" };
  const rows = [
    ...opening,
    compacts("c1", "k2", "k1"),
    says("assistant", "p1", "c1", side),
    entry("leaf", "f1", "p1", { targetId: "c1", appendParentId: "p1", appendMode: "side" }),
    asks("n1", "p1"),
    replies("n2", "n1"),
    asks("q1", "n2"),
    entry("leaf", "f2", "q1", { targetId: "n2" }),
  ];
  expect(idsOf(await cutLines(rows))).toEqual(["5e900001", "k1", "k2", "c1", "p1", "f1", "n1", "n2", "q1", "f2"]);
});

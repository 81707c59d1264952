import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { conversationOf, type OpenClawTree, readTree } from "../../src/structure/openclaw-tree.ts";
import { readWholeRows } from "../../src/structure/read-rows.ts";
import { readSkimmedRows } from "../../src/structure/skim-rows.ts";
import { asks, compacts, entry, fileOf, header, notes, replies, says } from "../support/cut-openclaw.ts";

const folder = mkdtempSync(join(tmpdir(), "tree-"));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, "s.jsonl");

async function treeOf(text: string | Buffer, read = readWholeRows): Promise<OpenClawTree> {
  writeFileSync(path, text);
  const file = await open(path);
  try {
    return await readTree(file, Buffer.byteLength(text), { read });
  } finally {
    await file.close();
  }
}

async function wayOf(rows: readonly object[]): Promise<string> {
  const { path: way, end } = conversationOf((await treeOf(fileOf(rows))).rows);
  return `${way.map(({ id }) => id).join(" ")} ${end}`;
}

describe.each([
  ["the plain", readWholeRows],
  ["the skimming", readSkimmedRows],
] as const)("%s reader", (_, read) => {
  test("tells of every line where it stands, and of a row what it is to the others", async () => {
    const lines = [
      JSON.stringify(header),
      "",
      '{"type":"message","id":"torn',
      "[1]",
      JSON.stringify(replies("a1", null)),
      JSON.stringify(notes("x1", "a1", "größe")),
      JSON.stringify(compacts("c1", "x1", "a1")),
      JSON.stringify({ ...compacts("c2", "c1", "a1"), firstKeptEntryIndex: 1 }),
      JSON.stringify(entry("label", "l1", "c2", { targetId: "a1", label: "here" })),
      JSON.stringify(entry("leaf", "f1", "l1", { targetId: "c1", appendParentId: "x1" })),
      JSON.stringify(says("user", "s1", "c1", { appendMode: "side" })),
      '{"type":"message","id":"u1"}',
    ];
    const { rows, version, isFinished } = await treeOf(lines.join("\n"), read);
    expect({ version, isFinished }).toEqual({ version: 3, isFinished: false });
    expect(rows.map(({ line }) => line)).toEqual([1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    const text = Buffer.from(lines.join("\n"));
    for (const { line, at, bytes } of rows) expect(text.toString("utf8", at, at + bytes)).toBe(lines[line - 1]);
    const told = rows.map(({ line: _line, at: _at, bytes: _bytes, ...row }) =>
      Object.fromEntries(Object.entries(row).filter(([, value]) => value !== undefined && value !== false)),
    );
    expect(told).toEqual([
      { type: "session", pointsTo: "s" },
      { type: "" },
      { type: "" },
      { type: "message", id: "a1", parentId: null, isReply: true },
      { type: "custom", id: "x1", parentId: "a1", customType: "größe" },
      { type: "compaction", id: "c1", parentId: "x1", pointsTo: "a1" },
      { type: "compaction", id: "c2", parentId: "c1", pointsTo: "a1", hasIndex: true },
      { type: "label", id: "l1", parentId: "c2", pointsTo: "a1" },
      { type: "leaf", id: "f1", parentId: "l1", pointsTo: "c1", appendsTo: "x1" },
      { type: "message", id: "s1", parentId: "c1", isAside: true },
      { type: "message", id: "u1" },
    ]);
  });

  test.each([
    ["garbage before it", `x\n${fileOf([header])}`, 3],
    ["a mark of the byte order", `\ufeff${fileOf([header])}`, 3],
    ["no version", fileOf([{ ...header, version: undefined }]), 1],
    ["no id", fileOf([{ ...header, id: "" }]), undefined],
    ["another row before it", fileOf([asks("a1", null), header]), undefined],
  ])("knows the version of a header with %s", async (__, text, version) => {
    expect((await treeOf(text, read)).version).toBe(version);
  });
});

test.each([
  ["from the last row up to the root", [asks("a1", null), replies("a2", "a1"), asks("a3", "a2")], "a1 a2 a3 root"],
  ["past a branch that was left", [asks("a1", null), replies("a2", "a1"), replies("a3", "a1")], "a1 a3 root"],
  ["up to where a parent is missing", [asks("a1", null), replies("a2", "gone"), asks("a3", "a2")], "a2 a3 missing"],
  ["up to where it goes in circles", [asks("a1", "a2"), replies("a2", "a1")], "a1 a2 circle"],
  [
    "with the last of two rows with one id",
    [asks("a1", null), replies("a2", "gone"), replies("a2", "a1")],
    "a1 a2 root",
  ],
  [
    "through rows of a type that nobody knows",
    [asks("a1", null), entry("new", "o1", "a1"), asks("a2", "o1")],
    "a1 a2 root",
  ],
  [
    "from where a row navigates to",
    [asks("a1", null), replies("a2", "a1"), entry("leaf", "f1", "a2", { targetId: "a1" })],
    "a1 root",
  ],
  [
    "past rows beside it, on which the next one says that it hangs",
    [asks("a1", null), says("assistant", "s1", "a1", { appendMode: "side" }), replies("a2", "s1")],
    "a1 a2 root",
  ],
  [
    "from a row that was written after navigation, where that leads to",
    [
      asks("a1", null),
      replies("a2", "a1"),
      entry("leaf", "f1", "a2", { targetId: "a1", appendParentId: "a2" }),
      replies("a3", "a2"),
    ],
    "a1 a3 root",
  ],
  [
    "past a row that navigates to nowhere",
    [asks("a1", null), entry("leaf", "f1", "a1", { targetId: "gone" }), replies("a2", "f1")],
    "a1 f1 a2 root",
  ],
  [
    "on from the row before, where a row says nothing of its parent",
    [asks("a1", null), { ...asks("a2", null), parentId: undefined }],
    "a1 a2 root",
  ],
])("the way of the conversation leads %s", async (_, rows, way) => {
  expect(await wayOf([header, ...rows])).toBe(way);
});

import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { readWholeRows } from "../../src/structure/read-rows.ts";
import { readSkimmedRows } from "../../src/structure/skim-rows.ts";
import { damagedCases, healthyCases } from "../support/damaged.ts";
import { mendCopy, scanFile, toFindings } from "../support/structure.ts";
import { writeTranscript } from "../support/transcript-generator.ts";

const folder = mkdtempSync(join(tmpdir(), "scan-"));
afterAll(() => rmSync(folder, { recursive: true }));

const readers = { plain: readWholeRows, skimming: readSkimmedRows };
const structural = ({ kind }: { kind: string }) => kind !== "rejection-logged";

describe.each(["plain", "skimming"] as const)("the %s reader", (how) => {
  const read = readers[how];

  test.for(damagedCases())("$dialect/$name: $what", async ({ path, dialect, findings, repaired }) => {
    const { damages } = await scanFile(path, dialect, { read });
    expect(toFindings(damages).toSorted(byPlace)).toEqual(findings.filter(structural).toSorted(byPlace));
    const { bytes } = await mendCopy(path, dialect, { read });
    expect(bytes?.toString("latin1")).toBe(repaired?.toString("latin1"));
  });

  test.for(healthyCases())("finds nothing in $dialect/$name, which is healthy", async ({ path, dialect }) => {
    expect((await scanFile(path, dialect, { read })).damages).toEqual([]);
    expect((await mendCopy(path, dialect, { read })).result).toMatchObject({ refused: "nothing" });
  });
});

test.for(damagedCases().filter(({ repaired }) => repaired))(
  "$dialect/$name, once mended, has nothing more to mend",
  async ({ name, dialect, repaired, path }) => {
    const mended = join(folder, `${name}.jsonl`);
    writeFileSync(mended, repaired ?? "");
    expect((await mendCopy(mended, dialect)).result).toMatchObject({ refused: "nothing" });
    expect(readFileSync(path).equals(repaired ?? Buffer.of())).toBe(false);
  },
);

test.for(damagedCases())(
  "a look that goes on behind the last compaction finds in $dialect/$name what a whole one finds",
  async ({ path, dialect }) => {
    const whole = await scanFile(path, dialect);
    if (!whole.resume) return;
    const again = await scanFile(path, dialect, { from: whole.resume });
    expect(again.damages).toEqual(whole.damages);
  },
);

test("a look goes on where an earlier one found the last compaction, and finds what was added since", async () => {
  const path = join(folder, "grown.jsonl");
  const { sessionId } = writeTranscript(path, { dialect: "claude-code", bytes: 400_000, boundaries: 3, seed: 5 });
  const before = await scanFile(path, "claude-code");
  expect(before.resume?.at).toBeGreaterThan(200_000);
  const last = before.rows.at(-1);
  const orphan = {
    parentUuid: last?.id,
    isSidechain: false,
    sessionId,
    type: "user",
    message: { role: "user", content: [{ type: "tool_result", tool_use_id: "toolu_01Late", content: "x" }] },
    uuid: "0c0ffee0-0000-4000-8000-000000000001",
    timestamp: "2026-03-01T00:00:00.000Z",
  };
  writeFileSync(path, `${readFileSync(path, "utf8")}${JSON.stringify(orphan)}\n`);
  const again = await scanFile(path, "claude-code", before.resume ? { from: before.resume } : {});
  expect(toFindings(again.damages)).toMatchObject([
    { kind: "orphaned-result", severity: "error", ids: ["toolu_01Late"] },
  ]);
  expect(again.damages).toEqual((await scanFile(path, "claude-code")).damages);
});

test("a row that is still being written is no damage, and is looked at again", async () => {
  const [torn] = damagedCases().filter(
    ({ dialect, name }) => dialect === "claude-code" && name.startsWith("torn-tail"),
  );
  if (!torn) throw new Error("there is a fixture with a torn tail");
  const path = join(folder, basename(torn.path));
  copyFileSync(torn.path, path);
  expect(await scanFile(path, "claude-code", { isBeingWritten: true })).toMatchObject({
    damages: [],
    isUnsettled: true,
  });
  expect(await scanFile(path, "claude-code")).toMatchObject({ damages: [{ kind: "torn-tail" }], isUnsettled: false });
});

test("OpenClaw rows that a path around the last compaction needs are looked at whole", async () => {
  const rows = [
    { type: "session", version: 3, id: "s", timestamp: at(0), cwd: "/w" },
    message("a1", null, { role: "user", content: [{ type: "text", text: "one" }] }),
    message("a2", "a1", {
      role: "assistant",
      content: [{ type: "toolCall", id: "toolu_01A", name: "read", arguments: {} }],
    }),
    message("a3", "a2", { role: "toolResult", toolCallId: "toolu_01A", content: [{ type: "text", text: "ok" }] }),
    message("a4", "a3", { role: "assistant", content: [{ type: "text", text: "done" }], stopReason: "stop" }),
    message("a5", "a4", { role: "user", content: [{ type: "text", text: "two" }] }),
    {
      type: "compaction",
      id: "c1",
      parentId: "a5",
      timestamp: at(9),
      summary: "s",
      firstKeptEntryId: "a5",
      tokensBefore: 9,
    },
    // back to before the compaction, with a result whose call stands on that way
    message("b1", "a2", { role: "toolResult", toolCallId: "toolu_01A", content: [{ type: "text", text: "again" }] }),
  ];
  const path = join(folder, "around.jsonl");
  writeFileSync(path, `${rows.map((row) => JSON.stringify(row)).join("\n")}\n`);
  expect((await scanFile(path, "openclaw")).damages.filter(({ place }) => place === "live")).toEqual([]);
});

function at(seconds: number): string {
  return new Date(Date.UTC(2026, 1, 9, 12, 0, seconds)).toISOString();
}

function message(id: string, parentId: string | null, content: object) {
  return { type: "message", id, parentId, timestamp: at(Number.parseInt(id.slice(1), 10)), message: content };
}

function byPlace(a: { line: number; kind: string }, b: { line: number; kind: string }): number {
  return a.line - b.line || a.kind.localeCompare(b.kind);
}

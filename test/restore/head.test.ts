import { describe, expect, test } from "vitest";
import { readHead } from "../../src/restore/head.ts";

const claudeHeader = JSON.stringify({ type: "segment-header", parentFile: "p.gz", carriedLines: 3 });
const openclawHeader = JSON.stringify({
  type: "custom",
  customType: "segment-header",
  data: { parentFile: "p.gz", carriedLines: 1 },
});

async function* of(...pieces: string[]) {
  for (const piece of pieces) yield Buffer.from(piece);
}

describe("where a file's past is", () => {
  test("Claude Code's dialect has the header first, OpenClaw's second", async () => {
    const claude = await readHead(of(`${claudeHeader}\n{"type":"user"}\n`), "claude-code");
    expect(claude.segment).toEqual({ parentFile: "p.gz", headerAt: 0, carriedRows: 3 });
    const openclaw = await readHead(of(`{"type":"session"}\n${openclawHeader}\n`), "openclaw");
    expect(openclaw.segment).toEqual({ parentFile: "p.gz", headerAt: 1, carriedRows: 1 });
  });

  test.for([
    ["claude-code", `{"type":"user"}\n${claudeHeader}\n`],
    ["claude-code", `${openclawHeader}\n`],
    ["openclaw", `${openclawHeader}\n{"type":"message"}\n`],
    ["openclaw", `{"type":"session"}\n{"type":"custom","customType":"other","data":{"parentFile":"p.gz"}}\n`],
    ["claude-code", `{"type":"segment-header","parentFile":7}\n`],
    ["claude-code", `{"type":"segment-hea`],
    ["claude-code", ""],
  ] as const)("no header of ours in %j", async ([dialect, text]) => {
    expect((await readHead(of(text), dialect)).segment).toBeUndefined();
  });

  test("a count that is none counts as nothing", async () => {
    const header = claudeHeader.replace("3", "-3");
    expect((await readHead(of(header), "claude-code")).segment?.carriedRows).toBe(0);
  });

  test("a blank line before it, and pieces that end anywhere, change nothing", async () => {
    const whole = await readHead(of(`${claudeHeader}\n`), "claude-code");
    const pieces = `   \r\n${claudeHeader}\n{}\n`.split("");
    expect(await readHead(of(...pieces), "claude-code")).toEqual(whole);
  });
});

describe("what a file begins with", () => {
  test("the same for the same first row, whatever follows; another for another; none for a blank file", async () => {
    const firstRow = async (text: string) => (await readHead(of(text), "claude-code")).firstRow;
    expect(await firstRow('{"a":1}\n{"b":1}\n')).toBe(await firstRow('{"a":1}'));
    expect(await firstRow('{"a":1}\n')).not.toBe(await firstRow('{"a":2}\n'));
    expect(await firstRow("    \n\n")).toBeUndefined();
  });

  test("no more is read than the rows that are needed, and a huge row is no header", async () => {
    let pulled = 0;
    async function* endless() {
      yield Buffer.from('{"type":"session"}\n');
      for (; pulled < 1000; pulled += 1) yield Buffer.from(`${"x".repeat(65_000)}${pulled === 2 ? "\n" : ""}`);
    }
    expect((await readHead(endless(), "openclaw")).segment).toBeUndefined();
    expect(pulled).toBeLessThan(4);
  });
});

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Cut, CutRefusal } from "../../src/structure/cut.ts";
import { planCut } from "../../src/structure/plan-cut.ts";
import { shortenedPieces } from "../../src/structure/shortened.ts";

/** Cuts a transcript as the program does, without the row that tells of it. */
export async function cutText(
  dialect: "claude-code" | "openclaw",
  text: string | Uint8Array,
  isBound = true,
): Promise<{ cut: Cut | CutRefusal; lines: string[] }> {
  const folder = mkdtempSync(join(tmpdir(), "cut-"));
  const path = join(folder, "t.jsonl");
  writeFileSync(path, text);
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const cut = await planCut({ dialect, isBound }, file, size);
    if ("refused" in cut) return { cut, lines: [] };
    const pieces: Buffer[] = [];
    for await (const piece of shortenedPieces(file, size, cut, undefined)) pieces.push(Buffer.from(piece));
    return { cut, lines: linesOf(Buffer.concat(pieces).toString()) };
  } finally {
    await file.close();
    rmSync(folder, { recursive: true });
  }
}

export function linesOf(text: string): string[] {
  return text.replace(/\n$/, "").split("\n");
}

export function linesIn(path: string): string[] {
  return linesOf(readFileSync(path, "utf8"));
}

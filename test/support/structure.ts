import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { dialects } from "../../src/dialects/index.ts";
import { type Damage, isHarmless } from "../../src/structure/damage.ts";
import { type MendResult, mendFile } from "../../src/structure/mend-file.ts";
import { type RowReader, readWholeRows } from "../../src/structure/read-rows.ts";
import { type ResumePoint, type Scan, scanTranscript } from "../../src/structure/scan.ts";

type DialectName = "claude-code" | "openclaw";

/** Looks at a file as the program does. */
export async function scanFile(
  path: string,
  dialect: DialectName,
  options: { read?: RowReader; from?: ResumePoint; isBeingWritten?: boolean } = {},
): Promise<Scan> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    return await scanTranscript(file, size, dialects[dialect], {
      read: options.read ?? readWholeRows,
      isBeingWritten: () => options.isBeingWritten === true,
      ...(options.from ? { from: options.from } : {}),
    });
  } finally {
    await file.close();
  }
}

/** Damage as the findings tell it. */
export function toFindings(
  damages: readonly Damage[],
): { kind: string; severity: string; line: number; ids: string[] }[] {
  return damages.map((damage) => ({
    kind: damage.kind,
    severity: isHarmless(damage) ? "info" : "error",
    line: damage.line,
    ids: damage.ids,
  }));
}

/** Mends a copy of a file, and tells what it holds then; undefined when nothing was changed. */
export async function mendCopy(
  path: string,
  dialect: DialectName,
  options: { read?: RowReader; rewind?: boolean; bytes?: Uint8Array } = {},
): Promise<{ result: MendResult; bytes: Buffer | undefined }> {
  const folder = mkdtempSync(join(tmpdir(), "mend-"));
  const file = await open(path);
  try {
    let drafts = 0;
    let latest = "";
    const result = await mendFile(
      { path, file, bytes: (await file.stat()).size },
      dialects[dialect],
      options.read ?? readWholeRows,
      async (pieces) => {
        drafts += 1;
        latest = join(folder, `${basename(path)}.${drafts}`);
        const draft = await open(latest, "wx+");
        for await (const piece of pieces) await draft.write(Buffer.from(piece));
        return { path: latest, file: draft, sizeBytes: (await draft.stat()).size, discard: () => draft.close() };
      },
      options.rewind ? { rewind: true } : {},
    );
    if ("refused" in result) return { result, bytes: undefined };
    await result.draft.discard();
    return { result, bytes: readFileSync(latest) };
  } finally {
    await file.close();
    rmSync(folder, { recursive: true });
  }
}

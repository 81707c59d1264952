import type { FileHandle } from "node:fs/promises";
import type { Dialect } from "../dialects/dialect.ts";
import type { Damage } from "./damage.ts";
import type { Losses } from "./edits.ts";
import { headerFor } from "./header.ts";
import { planMending } from "./mend.ts";
import type { RowReader } from "./read-rows.ts";
import { planRewind } from "./rewind.ts";
import { mendedPieces } from "./rewrite.ts";
import { type Scan, scanTranscript } from "./scan.ts";

/** A copy under way: written by the caller, read here. `discard` closes and removes it. */
export type Draft = { path: string; file: FileHandle; sizeBytes: number; discard: () => Promise<void> };

export type Mended = {
  /** what was wrong before, and what still is */
  before: readonly Damage[];
  after: readonly Damage[];
  losses: Losses;
  draft: Draft;
};

/** `nothing`: no damage that can be mended. `worse`: the mended copy would have damage that was not there before. */
export type MendResult = Mended | { refused: "nothing" | "worse" | "empty"; before: readonly Damage[] };

/** Taking one thing out may show another: a few rounds always were enough. */
const ROUNDS = 6;

/**
 * Writes a copy of a transcript with all that can be mended in what is sent mended, and looks at the copy. The transcript
 * itself is not touched. The caller discards the draft.
 *
 * @param bytes how much of the file counts
 * @param write makes a new file of these pieces
 * @param options.rewind takes the conversation back to its last state that was accepted, before anything else
 */
export async function mendFile(
  source: { path: string; file: FileHandle; bytes: number },
  dialect: Dialect,
  read: RowReader,
  write: (pieces: AsyncIterable<Buffer>) => Promise<Draft>,
  options: { rewind?: boolean; signal?: AbortSignal } = {},
): Promise<MendResult> {
  const { signal } = options;
  const look = (file: FileHandle, sizeBytes: number) =>
    scanTranscript(file, sizeBytes, dialect, { read, isBeingWritten: () => false, ...(signal ? { signal } : {}) });
  const first = await look(source.file, source.bytes);
  const losses: Losses = { results: 0, calls: 0, doubles: 0, rows: 0, unreadableLines: 0 };
  let scan: Scan = first;
  let draft: Draft | undefined;
  try {
    for (let round = 0; round < ROUNDS; round += 1) {
      const target = round === 0 && options.rewind ? planRewind(scan) : scan;
      const mending = target && planMending(target, dialect);
      if (!mending) break;
      const { file, bytes } = draft ? { file: draft.file, bytes: draft.sizeBytes } : source;
      const header = mending.header && (await headerFor(source.path, file, mending.header, scan));
      const next = await write(mendedPieces(file, bytes, mending, header));
      await draft?.discard();
      draft = next;
      for (const name of Object.keys(losses) as (keyof Losses)[]) losses[name] += mending.losses[name];
      scan = await look(draft.file, draft.sizeBytes);
    }
    if (!draft) return { refused: "nothing", before: first.damages };
    const refused = scan.rows.length === 0 ? "empty" : hasAppeared(first.damages, scan.damages) ? "worse" : undefined;
    if (!refused) return { before: first.damages, after: scan.damages, losses, draft };
    await draft.discard();
    return { refused, before: first.damages };
  } catch (error) {
    await draft?.discard();
    throw error;
  }
}

/** True when something is wrong now that was not before. Lines have moved, so they do not count. */
function hasAppeared(before: readonly Damage[], after: readonly Damage[]): boolean {
  const counts = new Map<string, number>();
  for (const damage of before) counts.set(keyOf(damage), (counts.get(keyOf(damage)) ?? 0) + 1);
  return after.some((damage) => {
    const left = (counts.get(keyOf(damage)) ?? 0) - 1;
    counts.set(keyOf(damage), left);
    return left < 0;
  });
}

function keyOf({ kind, ids }: Damage): string {
  return [kind, ...ids].join(" ");
}

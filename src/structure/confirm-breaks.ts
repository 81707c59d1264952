import type { FileHandle } from "node:fs/promises";
import type { Dialect } from "../dialects/dialect.ts";
import { readPieces } from "../transcript/lines.ts";
import type { Break } from "./checker.ts";
import type { Damage } from "./damage.ts";
import type { UnreadableLine } from "./scan.ts";

const OVERLAP_BYTES = 64;

/**
 * Tells apart why a row's parent is not among the live ones. It stands before the last compaction: the row is a straggler,
 * and where it should hang is for nobody to decide. An unreadable line took it: told with that line. It is nowhere: the
 * chain is broken, and goes on at the row before, as later releases read it.
 *
 * @param end how many bytes of the file stand before the live rows
 */
export async function confirmBreaks(
  file: FileHandle,
  end: number,
  dialect: Dialect,
  breaks: readonly Break[],
  unreadable: readonly UnreadableLine[],
): Promise<{ damages: Damage[]; bridges: Break[] }> {
  const damages: Damage[] = [];
  const bridges: Break[] = [];
  const standing = await idsStandingIn(file, end, dialect, new Set(breaks.flatMap(({ missing }) => missing ?? [])));
  for (const one of breaks) {
    const { row, missing, bridge } = one;
    const isStraggler = missing !== undefined && standing.has(missing);
    const isExplained = unreadable.some(
      ({ where: { line }, ids }) =>
        (missing !== undefined && ids.includes(missing)) || (line > bridge.where.line && line <= row.where.line),
    );
    if (!isStraggler) bridges.push(one);
    if (isExplained && !isStraggler) continue;
    const kind = isStraggler ? "straggler" : "broken-chain";
    damages.push({ kind, reason: "", place: "live", line: row.where.line, ids: [row.id, missing].filter(isText) });
  }
  return { damages, bridges };
}

function isText(id: string | undefined): id is string {
  return id !== undefined;
}

/** Which of these ids rows in the first `end` bytes have as their own. */
export async function idsStandingIn(
  file: FileHandle,
  end: number,
  { linkNames }: Dialect,
  ids: ReadonlySet<string>,
): Promise<Set<string>> {
  const found = new Set<string>();
  if (ids.size === 0) return found;
  // a person's editor may have put spaces there
  const needles = [...ids].map((id) => {
    const text = Buffer.from(JSON.stringify(id))
      .toString("latin1")
      .replace(/[^\w-]/g, "\\$&");
    return { id, pattern: new RegExp(`"${linkNames.id}"\\s{0,8}:\\s{0,8}${text}`) };
  });
  const overlap = Math.max(...[...ids].map((id) => 4 * id.length)) + linkNames.id.length + OVERLAP_BYTES;
  let before = Buffer.alloc(0);
  for await (const piece of readPieces(file, 0, end)) {
    const bytes = Buffer.concat([before, piece]);
    const text = bytes.toString("latin1");
    for (const { id, pattern } of needles) if (!found.has(id) && pattern.test(text)) found.add(id);
    before = Buffer.from(bytes.subarray(Math.max(0, bytes.length - overlap)));
  }
  return found;
}

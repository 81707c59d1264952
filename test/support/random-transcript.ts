import { seededRandom } from "./random.ts";
import { claudeCodeConversation } from "./random-transcript-claude-code.ts";
import { openClawConversation } from "./random-transcript-openclaw.ts";

export type TranscriptRow = Record<string, unknown>;

/** What a dialect's writer made: rows in the order of the file. */
export type Conversation = {
  sessionId: string;
  rows: TranscriptRow[];
  /** ids of the rows that begin a turn */
  prompts: ReadonlySet<string>;
};

export type RandomTranscript = Conversation & {
  dialect: "claude-code" | "openclaw";
  /** each row as JSON, without its newline */
  lines: string[];
  bytes: Buffer;
  endsInNewline: boolean;
  /** the turns after the last compaction that lead to the last row, whole: the indexes of their rows on that way */
  turns: number[][];
};

/** How rows of a dialect name themselves and the row that they hang on. */
export const links = {
  "claude-code": { id: "uuid", parent: "parentUuid" },
  openclaw: { id: "id", parent: "parentId" },
} as const;

/**
 * A small healthy transcript (about 20 to 200 rows) with what real ones have that looks like damage and is none: calls
 * side by side, sidechains, branches that were left, compactions that keep rows, tools of the API, failed turns, metadata
 * anywhere. The same seed gives the same bytes.
 */
export function randomTranscript(dialect: RandomTranscript["dialect"], seed: number): RandomTranscript {
  const random = seededRandom(seed);
  const conversation = (dialect === "openclaw" ? openClawConversation : claudeCodeConversation)(random);
  const lines = conversation.rows.map((row) => JSON.stringify(row));
  const endsInNewline = random.chance(0.85);
  const bytes = Buffer.from(lines.join("\n") + (endsInNewline ? "\n" : ""));
  return { ...conversation, dialect, lines, bytes, endsInNewline, turns: liveTurns(conversation, dialect) };
}

export const isBoundary = ({ type, subtype }: TranscriptRow) =>
  type === "compaction" || (type === "system" && subtype === "compact_boundary");

function liveTurns({ rows, prompts }: Conversation, dialect: RandomTranscript["dialect"]): number[][] {
  const { id: idName, parent: parentName } = links[dialect];
  const indexOf = new Map(rows.map((row, index) => [row[idName], index]));
  const start = rows.findLastIndex(isBoundary) + 1;
  const path: number[] = [];
  let at = rows.findLastIndex((row) => row[idName] !== undefined && row.isSidechain !== true && row.type !== "session");
  while (at >= start) {
    path.unshift(at);
    at = indexOf.get(rows[at]?.[parentName]) ?? -1;
  }
  const turns: number[][] = [];
  for (const index of path) {
    if (prompts.has(String(rows[index]?.[idName]))) turns.push([]);
    turns.at(-1)?.push(index);
  }
  return turns;
}

import { asRow, asText, asTime } from "../dialects/dialect.ts";
import { parseRow } from "../transcript/contents.ts";
import { composeDigest } from "./compose.ts";
import { encodedBytes } from "./encoded-text.ts";
import type { DigestFacts, KeptRow } from "./gather.ts";
import { encodeRow, LEAST_WORDS_BYTES, lineBytes, replyBytes, rowsWithin, sumOfLines } from "./room.ts";
import { type Change, replyWithin, withValues } from "./row-edits.ts";
import type { DigestRows, RowOptions } from "./rows.ts";

const ID_LENGTH = 8;
/** What the program takes for how full the context is, up to 2.9 without asking whether a compaction came after it. */
const COUNTERS = ["input", "output", "cacheRead", "cacheWrite", "totalTokens"];

/**
 * The header, the last reply and what was chosen around it, each hung on the one before, and a compaction that keeps the
 * reply: the program empties a transcript without any.
 */
export function openclawRows(facts: DigestFacts, options: RowOptions): DigestRows | undefined {
  const { header, lastReply } = facts;
  const replyRow = lastReply && parseRow(lastReply.bytes);
  const replyId = asText(replyRow?.id);
  if (!header || !lastReply || !replyRow || replyId === undefined) return undefined;
  const { limitBytes, newUuid } = options;
  const settings = rowsWithin(facts.keptRows, Math.floor(limitBytes / 8));
  const compose = (roomBytes: number) => composeDigest(facts, { ...options, limitBytes: roomBytes });
  const id = newId(newUuid, [replyId, ...settings.map(idOf)]);
  // later releases ask a reply how full the context is when it is newer than the compaction
  const times = [facts.lastAt, replyRow.timestamp, asRow(replyRow.message).timestamp].flatMap((at) => asTime(at) ?? []);
  const timestamp = new Date(times.length > 0 ? Math.max(...times) : options.nowMs).toISOString();
  const compaction = (summary: string, parentId: string) =>
    encodeRow({
      type: "compaction",
      id,
      parentId,
      timestamp,
      summary,
      firstKeptEntryId: replyId,
      tokensBefore: Number(asRow(asRow(replyRow.message).usage).totalTokens) || 0,
    });

  const rows = [...settings, lastReply].toSorted((a, b) => a.at - b.at);
  const hungOn = (row: KeptRow): Change[] => {
    const before = rows[rows.indexOf(row) - 1];
    return [{ path: ["parentId"], value: before ? idOf(before) : null }];
  };
  const others = settings.map((row) => withValues(row.bytes, hungOn(row)));
  const lastId = idOf(rows.at(-1) ?? lastReply);
  const roomBytes = limitBytes - sumOfLines([header, ...others, compaction("", lastId)]);
  const wordsBytes = encodedBytes(compose(roomBytes));
  const [third, half] = [3, 2].map((part) => replyBytes(limitBytes / part, roomBytes, wordsBytes) - 1);
  const changes = [...hungOn(lastReply), ...COUNTERS.map((name) => ({ path: ["message", "usage", name], value: 0 }))];
  const reply = replyWithin(lastReply, changes, third ?? 0) ?? replyWithin(lastReply, changes, half ?? 0);
  if (!reply || roomBytes - lineBytes(reply) < Math.min(LEAST_WORDS_BYTES, wordsBytes)) return undefined;
  const body = rows.map((row) => (row === lastReply ? reply : (others[settings.indexOf(row)] as Buffer)));
  const lines = [header, ...body, compaction(compose(roomBytes - lineBytes(reply)), lastId)];
  return { lines, carried: lines.length - 1 };
}

function newId(newUuid: () => string, taken: readonly string[]): string {
  for (;;) {
    const id = newUuid().slice(0, ID_LENGTH);
    if (!taken.includes(id)) return id;
  }
}

function idOf({ bytes }: KeptRow): string {
  return asText(parseRow(bytes)?.id) ?? "";
}

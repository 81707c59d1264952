import { asRow, asTime } from "../dialects/dialect.ts";
import { parseRow } from "../transcript/contents.ts";
import { composeDigest } from "./compose.ts";
import { encodedBytes, wellFormed } from "./encoded-text.ts";
import type { DigestFacts } from "./gather.ts";
import { encodeRow, LEAST_WORDS_BYTES, lineBytes, replyBytes, rowsWithin, sumOfLines } from "./room.ts";
import { type Change, replyWithin } from "./row-edits.ts";
import type { DigestRows, RowOptions } from "./rows.ts";

/** What the program adds up to tell how full the context is. */
const COUNTERS = ["input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "output_tokens"];

/**
 * A compaction, its summary, the metadata that counts as it was last written, and the last reply under the summary: OpenClaw
 * gives up a session of Claude Code's in which nothing was ever replied.
 */
export function claudeCodeRows(facts: DigestFacts, options: RowOptions): DigestRows | undefined {
  const { lastReply } = facts;
  const { limitBytes, newUuid } = options;
  const [boundaryId, summaryId] = [newUuid(), newUuid()];
  const common = { isSidechain: false, ...wellFormedIn(facts.surroundings), sessionId: options.sessionId };
  const boundaryRow = (atMs: number) =>
    encodeRow({
      // loaders look for rows that begin with their parent
      parentUuid: null,
      // the row before may be the reply that is kept behind
      logicalParentUuid: null,
      ...common,
      type: "system",
      subtype: "compact_boundary",
      content: "Conversation compacted",
      isMeta: false,
      timestamp: timeOf(atMs),
      uuid: boundaryId,
      level: "info",
      compactMetadata: { trigger: "auto", preTokens: lastReply ? tokensBefore(lastReply.bytes) : 0 },
    });
  const summaryRow = (content: string, atMs: number) =>
    encodeRow({
      parentUuid: boundaryId,
      ...common,
      type: "user",
      message: { role: "user", content },
      isVisibleInTranscriptOnly: true,
      isCompactSummary: true,
      uuid: summaryId,
      timestamp: timeOf(atMs),
    });
  const compose = (roomBytes: number) => composeDigest(facts, { ...options, limitBytes: roomBytes });

  let roomBytes = limitBytes - sumOfLines([boundaryRow(0), summaryRow("", 0)]);
  if (roomBytes < LEAST_WORDS_BYTES) return undefined;
  const metadataBytes = Math.min(Math.floor(limitBytes / 8), roomBytes - LEAST_WORDS_BYTES);
  const metadata = rowsWithin(facts.keptRows, metadataBytes).map(({ bytes }) => bytes);
  roomBytes -= sumOfLines(metadata);
  const ofReply = replyBytes(limitBytes / 3, roomBytes, encodedBytes(compose(roomBytes)));
  const reply = lastReply && replyWithin(lastReply, changesFor(summaryId), ofReply - 1);
  if (reply) roomBytes -= lineBytes(reply);
  // up to 2.1.84 the newest row is where the conversation ends, of equals the first; and the reply keeps its time
  const endMs = (reply ? asTime(parseRow(reply)?.timestamp) : asTime(facts.lastAt)) ?? options.nowMs;
  const summaryMs = reply ? endMs - 1 : endMs;
  const [boundary, summary] = [boundaryRow(summaryMs - 1), summaryRow(compose(roomBytes), summaryMs)];
  const lines = [...metadata, boundary, summary, ...(reply ? [reply] : [])];
  // what follows hangs on the reply, which the archive holds too; without one it hangs on the summary
  return { lines, carried: reply ? lines.length : metadata.length };
}

/**
 * The tokens that a reply counted were those of the whole conversation. With these the program would take the short one for
 * full and compact it at once; it clears them itself in what it keeps of a compaction.
 */
function changesFor(parentUuid: string): Change[] {
  return [
    { path: ["parentUuid"], value: parentUuid },
    ...COUNTERS.map((name) => ({ path: ["message", "usage", name], value: 0 })),
  ];
}

function timeOf(atMs: number): string {
  return new Date(atMs).toISOString();
}

function tokensBefore(line: Buffer): number {
  const usage = asRow(asRow(parseRow(line)?.message).usage);
  return COUNTERS.reduce((sum, name) => sum + (Number(usage[name]) || 0), 0);
}

function wellFormedIn<T extends Record<string, string>>(values: T): T {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, wellFormed(value)])) as T;
}

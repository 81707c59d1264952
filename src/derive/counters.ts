import { asRow, type Row } from "../dialects/dialect.ts";

/** Counters of an entry as the gateway fills them: tokens of the last run, and what its last request to the model held. */
export type Counters = {
  inputTokens?: number;
  outputTokens?: number;
  totalTokens?: number;
  cacheRead?: number;
  cacheWrite?: number;
};

/** The model's own reply: not a copy of what was sent elsewhere, nor a text that the gateway put in its name. */
export function isReply({ type, message }: Row): boolean {
  const { role, model, provider } = asRow(message);
  return type === "message" && role === "assistant" && provider !== "openclaw" && !INJECTED.has(String(model));
}

const INJECTED = new Set(["delivery-mirror", "gateway-injected"]);

/**
 * The counters that the last run of a transcript left. Input and output are the sums over its replies, `totalTokens` is the
 * prompt of the last one. None when a compaction came behind, or when there are no replies that say what they used. Pure.
 *
 * @param rows the last rows of a transcript, in order
 */
export function readCounters(rows: readonly Row[]): Counters {
  const afterCompaction = rows.slice(rows.findLastIndex(({ type }) => type === "compaction") + 1);
  const used = (row: Row) => (isReply(row) ? usageOf(row) : undefined);
  const lastAt = afterCompaction.findLastIndex((row) => used(row) !== undefined);
  const last = lastAt < 0 ? undefined : used(afterCompaction[lastAt] as Row);
  if (!last) return {};
  const promptAt = afterCompaction.slice(0, lastAt).findLastIndex((row) => asRow(row.message).role === "user");
  // A run that begins further back than was read counts by its last reply alone.
  const run = promptAt < 0 ? [last] : afterCompaction.slice(promptAt, lastAt + 1).flatMap((row) => used(row) ?? []);
  const sum = (of: (usage: Usage) => number) => run.reduce((total, usage) => total + of(usage), 0);
  const prompt = last.input + last.cacheRead + last.cacheWrite;
  return {
    inputTokens: sum(({ input }) => input),
    outputTokens: sum(({ output }) => output),
    ...(prompt > 0 ? { totalTokens: prompt } : {}),
    cacheRead: last.cacheRead,
    cacheWrite: last.cacheWrite,
  };
}

type Usage = { input: number; output: number; cacheRead: number; cacheWrite: number };

function usageOf(row: Row): Usage | undefined {
  const { input, output, cacheRead, cacheWrite } = asRow(asRow(row.message).usage);
  const usage = {
    input: count(input),
    output: count(output),
    cacheRead: count(cacheRead),
    cacheWrite: count(cacheWrite),
  };
  return Object.values(usage).some((tokens) => tokens > 0) ? usage : undefined;
}

function count(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) && value > 0 ? Math.round(value) : 0;
}

/** A parsed row of a transcript. Nothing about it is certain. */
export type Row = Record<string, unknown>;

/** What one row says about files that a tool call changed. */
type FileChanges = {
  calls: { id: string; paths: string[] }[];
  /** ids of calls that failed, so that their files were not changed */
  failed: string[];
};

/** What differs between the formats of transcripts. Pure: rows in, facts out; never throws. */
export type Dialect = {
  name: "claude-code" | "openclaw";
  /** When the model answered successfully on the main line in this row (epoch ms); undefined for every other row. */
  repliedAt: (row: Row) => number | undefined;
  /** When the row was written (epoch ms), where it says so. */
  writtenAt: (row: Row) => number | undefined;
  /** Which files the row's tool calls were to change, and which calls failed. */
  fileChanges: (row: Row) => FileChanges;
  /** A row whose bytes hold none of these says nothing about files: the cheap test before parsing. */
  fileChangeNeedles: readonly string[];
};

export function asRow(value: unknown): Row {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Row) : {};
}

export function asRows(value: unknown): Row[] {
  return Array.isArray(value) ? value.map(asRow) : [];
}

export function asText(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** Epoch milliseconds of an ISO text or of a number that is one already. */
export function asTime(value: unknown): number | undefined {
  const time = typeof value === "string" ? Date.parse(value) : value;
  return typeof time === "number" && Number.isFinite(time) ? time : undefined;
}

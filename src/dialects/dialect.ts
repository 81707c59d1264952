/** A parsed row of a transcript. Nothing about it is certain. */
export type Row = Record<string, unknown>;

/** What one row says about files that a tool call changed. */
type FileChanges = {
  calls: { id: string; paths: string[] }[];
  /** ids of calls that failed, so that their files were not changed */
  failed: string[];
};

/** A call of a tool. `index`: of its block in the row's content. `isServer`: run by the API inside the reply itself. */
export type ToolCall = { id: string; index: number; isServer: boolean; isPartial: boolean };

/**
 * The result of a call. `index`: of its block in the row's content; -1 when the whole row is the result. `isStandIn`: made by
 * the program because the real one was missing.
 */
export type ToolResult = { callId: string; index: number; isServer: boolean; isStandIn?: boolean };

/** What a row is to the others: its place in the tree, and which calls and results it holds. Nothing of its text. */
export type RowShape = {
  /**
   * `boundary`: a compaction; `header`: opens the file; `leaf`: names the row that a resume starts from; `title`: names the last
   * row of what it is a title for; `chain`: any other row of the tree; `other`: metadata
   */
  role: "assistant" | "user" | "result" | "boundary" | "header" | "leaf" | "title" | "chain" | "other";
  /** undefined for rows outside the tree */
  id?: string | undefined;
  /** null at a root; undefined where the row does not say */
  parentId?: string | null | undefined;
  /** false for rows of a subagent, which are never sent with the conversation */
  isMain: boolean;
  /** rows of one reply of the model have it in common */
  messageId?: string | undefined;
  calls: readonly ToolCall[];
  results: readonly ToolResult[];
  /** how many blocks its content has, and how many of them are thoughts, which cannot stand alone */
  blocks: number;
  thoughts: number;
  /** the row that holds the call of this row's result, where it says so */
  callRowId?: string | undefined;
  /** of a `leaf` or `title`: that row; of an OpenClaw compaction: the first row that it keeps */
  pointsTo?: string;
  /** of a compaction in old versions: the place of that row among all rows that parse, the header being 0 */
  pointsToIndex?: number;
  /** of a `leaf`: the row on which the next one will say that it hangs */
  appendsTo?: string;
  /** of a `header`: the version of the format */
  version?: number;
  /** a reply that was not the model's own: a copy of what another program sent, or made by the program itself */
  isMirror?: boolean;
  /** written beside the conversation: the next row does not follow on it */
  isAside?: boolean;
  /** a Claude Code compaction: rows before it that stay in the conversation */
  preserved?: Preserved;
  /** the model's turn ended in an error or was broken off: the program leaves its calls out */
  isVoid?: boolean;
  /** in a word, what makes the row itself unusable */
  flaw?: "no-role" | "blank-text";
  /** tells of an error of the API; its text has to be looked at */
  isErrorReport?: boolean;
};

export type Preserved = { ids: readonly string[]; headId?: string; tailId?: string };

/** What differs between the formats of transcripts. Pure: rows in, facts out; never throws. */
export type Dialect = {
  name: "claude-code" | "openclaw";
  /** When the model answered successfully on the main line in this row (epoch ms); undefined for every other row. */
  repliedAt: (row: Row) => number | undefined;
  /** When the row was written (epoch ms), where it says so. */
  writtenAt: (row: Row) => number | undefined;
  /** How the row hangs together with others. */
  shapeOf: (row: Row) => RowShape;
  /** Where in a row there is what `shapeOf` needs, as `message.content[].id`; it makes do without the text of long strings. */
  shapePaths: readonly string[];
  /** The text of an error that the row reports; undefined for other rows. */
  errorTextOf: (row: Row) => string | undefined;
  /** The names of the members that link a row to others, as they stand in the text. */
  linkNames: { id: string; parentId: string; leaf: string };
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

/** A block of the model's thoughts, which the API does not take at the end of a message. */
export function isThought(type: unknown): boolean {
  return type === "thinking" || type === "redacted_thinking";
}

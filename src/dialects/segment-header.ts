import { asRow, asText, type Dialect, type Row } from "./dialect.ts";

/** Says where the part of a conversation lies that was cut off: in the row that each cut puts into the live file. */
export type SegmentHeader = {
  /** the archive's file name */
  parentFile: string;
  /** the session that the chain began with */
  rootSession: string;
  /** of what follows: 1 is the first archive of the session */
  segmentIndex: number;
  /** ISO time of the cut */
  timestamp: string;
  /** so many lines right behind it repeat lines of the archive (OpenClaw: with the first line of the file) */
  carriedLines: number;
};

const TYPE = "segment-header";

/** For Claude Code: a row of metadata of a type that no release knows, which all of them pass over, as the first of the file. */
export function claudeCodeSegmentRow(sessionId: string, header: SegmentHeader): Buffer {
  return Buffer.from(JSON.stringify({ type: TYPE, sessionId, ...header }));
}

/** For OpenClaw: an entry of the tree that is never sent, as the second row: the first has to be the program's own. */
export function openClawSegmentRow(id: string, header: SegmentHeader): Buffer {
  const { timestamp } = header;
  return Buffer.from(JSON.stringify({ type: "custom", customType: TYPE, data: header, id, parentId: null, timestamp }));
}

/** What a row of ours says; undefined for any other. */
export function readSegmentHeader(row: Row, dialect: Dialect["name"]): SegmentHeader | undefined {
  const isOurs = dialect === "claude-code" ? row.type === TYPE : row.type === "custom" && row.customType === TYPE;
  if (!isOurs) return undefined;
  const values = dialect === "claude-code" ? row : asRow(row.data);
  const parentFile = asText(values.parentFile);
  if (parentFile === undefined) return undefined;
  const count = (value: unknown) => (typeof value === "number" && Number.isSafeInteger(value) && value > 0 ? value : 0);
  return {
    parentFile,
    rootSession: asText(values.rootSession) ?? "",
    timestamp: asText(values.timestamp) ?? "",
    segmentIndex: count(values.segmentIndex),
    carriedLines: count(values.carriedLines),
  };
}

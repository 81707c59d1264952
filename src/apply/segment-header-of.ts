import { basename } from "node:path";
import type { SegmentHeader } from "../dialects/segment-header.ts";
import type { Archived } from "./tools.ts";

/** What the row says that stands in the live file for the part of it that was archived. */
export function segmentHeaderOf({ path, record }: Archived, carriedLines: number): SegmentHeader {
  return {
    parentFile: basename(path),
    rootSession: record.rootSession ?? record.sessionId,
    segmentIndex: record.segment + 1,
    timestamp: new Date().toISOString(),
    carriedLines,
  };
}

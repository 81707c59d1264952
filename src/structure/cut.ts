/** A part of the shortened file: bytes [from, to) of the old one as they are (whole lines), or a line that was made or edited (without its newline). */
export type Piece = { from: number; to: number } | { line: Buffer };

/** How a transcript can be shortened at a compaction so that a resume rebuilds the same conversation. */
export type Cut = {
  /** line (from 1) and offset of the compaction */
  boundary: { line: number; at: number };
  /** bytes [0, archivedTo) are cut off and must be archived */
  archivedTo: number;
  /** what of them stays in the file all the same, in order */
  carried: Piece[];
  carriedLines: number;
  /** bytes [keptFrom, end) stay as they are */
  keptFrom: number;
  /** the size of the result, without the row that tells of the cut */
  bytesAfter: number;
};

/** Why there is no cut. `line`: where that is seen. */
export type CutRefusal = { refused: CutObstacle; line?: number };

export type CutObstacle =
  | "no-boundary"
  | "straggler"
  | "kept-row-missing"
  | "checkpoint"
  | "unfinished-line"
  | "no-header"
  | "no-reply"
  | "too-much-carried"
  | "damaged";

/** A cut that frees less is not worth the trouble. */
const LEAST_FREED = 0.25;

export function freesEnough({ bytesAfter }: Cut, sizeBytes: number): boolean {
  return sizeBytes - bytesAfter >= sizeBytes * LEAST_FREED;
}

const OBSTACLES: Record<CutObstacle, string> = {
  "no-boundary": "no compaction stands in it",
  straggler: "a row behind its last compaction hangs on one before it, so releases do not agree on what is sent",
  "kept-row-missing": "its last compaction keeps a row that is not there",
  checkpoint: "it says that a resume starts from a row before its last compaction",
  "unfinished-line": "its last line is not finished",
  "no-header": "it does not begin with a sound header",
  "no-reply": "the model has not answered since its last compaction",
  "too-much-carried":
    "so many rows have to stay before its last compaction that OpenClaw would not find a reply behind them",
  damaged: "it is damaged behind its last compaction",
};

/** Why there is no cut, in words. */
export function wordObstacle(obstacle: CutObstacle): string {
  return OBSTACLES[obstacle];
}

import { formatSize } from "../config/units.ts";
import type { Onlooker, Work, WorkKind } from "../progress.ts";

const WORDS: Record<WorkKind, string> = {
  "look-at-transcripts": "looking at sessions",
  "read-transcript": "reading",
  "do-jobs": "sessions dealt with",
  "archive-sessions": "sessions archived",
  archive: "archiving",
  "read-archive-back": "reading the archive back",
  "verify-archives": "verifying archives",
  "write-copy": "writing the copy",
  "restart-gateway": "restarting the gateway",
  "wait-for-run": "waiting for another run to end",
  "wait-for-owner": "working as the owner of a home",
};

/** What is over sooner needs no bar. */
const PATIENCE_MS = 1000;
const REDRAW_MS = 150;
const ERASE_LINE = "\r\u001b[K";

/** The terminal that a bar is drawn on, and the clock. */
export type Canvas = { columns: () => number; write: (text: string) => void; nowMs: () => number };

/** Work, and since when it is under way. */
type UnderWay = { work: Work; beganMs: number };

/**
 * One line at the bottom of a terminal, while work takes longer than a second: which work, how much of it is done, how long
 * it has taken. It is erased as soon as there is none, so that nothing of it stands between the results.
 */
export function progressBar(canvas: Canvas): Onlooker & { erase: () => void } {
  const underWay: UnderWay[] = [];
  let timer: NodeJS.Timeout | undefined;
  let [isDrawn, drawnMs] = [false, 0];
  const erase = () => {
    if (isDrawn) canvas.write(ERASE_LINE);
    isDrawn = false;
  };
  const draw = () => {
    const now = canvas.nowMs();
    if (now - drawnMs < REDRAW_MS || !underWay[0] || now - underWay[0].beganMs < PATIENCE_MS) return;
    drawnMs = now;
    isDrawn = true;
    canvas.write(`${ERASE_LINE}${lineOf(underWay, now, canvas.columns())}`);
  };
  return {
    erase,
    begun(work) {
      underWay.push({ work, beganMs: canvas.nowMs() });
      timer ??= setInterval(draw, REDRAW_MS).unref(); // for work that does not tell how far it is
    },
    advanced: draw,
    ended(work) {
      const at = underWay.findIndex((one) => one.work === work);
      underWay.splice(at, 1);
      if (underWay.length > 0) return;
      clearInterval(timer);
      timer = undefined;
      erase();
    },
  };
}

const BAR_CHARACTERS = 16;

/**
 * How far it is, in one line: how many things are done, and of the one at hand, if it is a long one, how many of its bytes.
 * What has no room is left out. Plain characters, as every terminal has them.
 */
function lineOf(underWay: readonly UnderWay[], nowMs: number, columns: number): string {
  const many = underWay.findLast(({ work: { unit, total: things } }) => unit === "things" && things !== 1)?.work;
  const one = underWay.findLast(
    ({ work, beganMs }) => work.unit === "bytes" && (!many || nowMs - beganMs >= PATIENCE_MS),
  );
  const { done, total } = one?.work ?? many ?? { done: 0, total: undefined };
  const share = total ? Math.min(1, done / total) : undefined;
  const seconds = Math.floor((nowMs - (underWay[0]?.beganMs ?? nowMs)) / 1000);
  const parts = [
    ...(many ? [`${WORDS[many.kind]}: ${many.done} of ${many.total}`] : []),
    ...(one ? [WORDS[one.work.kind]] : []),
    ...(share === undefined ? [] : [bar(share), `${Math.floor(share * 100)}%`]),
    ...(one && total !== undefined ? [`of ${formatSize(total)}`] : []),
    `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`,
  ];
  const room = columns - 1; // terminals differ in what they do behind the last column
  return parts.reduce((line, part) => {
    const longer = line === "" ? part : `${line}  ${part}`;
    return longer.length <= room ? longer : line || part.slice(0, Math.max(0, room));
  }, "");
}

function bar(share: number): string {
  return `[${"#".repeat(Math.round(share * BAR_CHARACTERS)).padEnd(BAR_CHARACTERS, ".")}]`;
}

import { createEngine, type Engine, HAS_LONE_SURROGATE, IS_BLANK, IS_VALID, NEEDS_WHOLE } from "./engine.ts";

/** One line of a transcript. */
export type SkimmedLine = {
  /** Where in the file it begins, in bytes. */
  at: number;
  /** Its length in bytes, without the newline. */
  bytes: number;
  /** False for a last line without a newline. */
  isTerminated: boolean;
  /** Nothing but white space. Such a line is not valid. */
  isBlank: boolean;
  /** `JSON.parse` would accept it, decoded leniently as UTF-8. */
  isValid: boolean;
  /**
   * Valid, but without a skeleton: the line has to be read. It is no object; or, of what is kept, a name beside it has
   * an escape, or a string or number is too long or not ASCII; or there is too much of it. A line with more than
   * 4096 containers within one another is not even checked to its end.
   */
  needsWhole: boolean;
  /** Valid, and somewhere in it an escaped surrogate stands without its partner. */
  hasLoneSurrogate: boolean;
  /**
   * The skeleton: no more of the row than what stands at the paths. A member that is not there may stand in it as undefined.
   * Undefined for a line that is not valid or needs whole.
   */
  row: Record<string, unknown> | undefined;
};

/** The same object is handed over each time, so what is needed later has to be taken out of it. */
type OnLine = (line: SkimmedLine) => void;

export type Skimmer = {
  /**
   * Where the file's bytes are to be put, into one after the other in turn, as many as there is room for, from its beginning
   * on. One may be filled while the other one is taken.
   */
  windows: readonly [Uint8Array, Uint8Array];
  /** Takes the first `length` bytes of the next window, which may end anywhere, and tells the lines that end in them. */
  push: (length: number, onLine: OnLine) => void;
  /** Tells a last line without a newline. After that the windows belong to somebody else. */
  end: (onLine: OnLine) => void;
};

/**
 * Checks each line of a transcript strictly and makes its skeleton, at the speed of reading the file: most bytes of a
 * row are text, of which the structure of a conversation says nothing. Memory is the same for lines of any length.
 *
 * @param paths what a skeleton holds, as `type` or `message.content[].id`: at most 48 ASCII characters a name, and a hundred
 *   names in all; the same list each time
 * @param startAt where in the file the first byte that is pushed lies, which begins a line
 */
export function createSkimmer(startAt: number, paths: readonly string[]): Skimmer {
  const idle = idleEngines.get(paths) ?? [];
  idleEngines.set(paths, idle);
  const engine = idle.pop() ?? createEngine(paths);
  /** Where in the file the beginning of the window lies, and the line that comes next. */
  let windowAt = startAt;
  let lineAt = startAt;
  const line: SkimmedLine = {
    at: lineAt,
    bytes: 0,
    isTerminated: true,
    isBlank: false,
    isValid: false,
    needsWhole: false,
    hasLoneSurrogate: false,
    row: undefined,
  };

  const tellBatch = (isLast: boolean, onLine: OnLine) => {
    engine.beginRows();
    const count = engine.lineCount();
    for (let index = 0; index < count; index += 1) {
      const newline = engine.lines[2 * index] as number;
      const flags = engine.lines[2 * index + 1] as number;
      line.at = lineAt;
      line.bytes = windowAt + newline - lineAt;
      // The file's end counts as a newline; the newlines that were there stand before it.
      line.isTerminated = !isLast || newline < 0;
      line.isBlank = (flags & IS_BLANK) !== 0;
      line.isValid = (flags & IS_VALID) !== 0;
      line.needsWhole = (flags & NEEDS_WHOLE) !== 0;
      line.hasLoneSurrogate = (flags & HAS_LONE_SURROGATE) !== 0;
      line.row = line.isValid && !line.needsWhole ? engine.nextRow() : undefined;
      lineAt = windowAt + newline + 1;
      // Behind the last newline there is no line.
      if (line.isTerminated || line.bytes > 0) onLine(line);
    }
  };
  const take = (length: number, isLast: boolean, onLine: OnLine) => {
    engine.feed(length, isLast);
    for (let isMore = true; isMore; ) {
      isMore = engine.skim();
      tellBatch(isLast, onLine);
    }
    windowAt += length;
  };

  return {
    windows: engine.windows,
    push: (length, onLine) => take(length, false, onLine),
    end(onLine) {
      take(0, true, onLine);
      idle.push(engine);
    },
  };
}

/** Engines whose files are done, by what they keep. Reading one file after the other needs no more than one. */
const idleEngines = new Map<readonly string[], Engine[]>();

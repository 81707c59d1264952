import { commonWords, textMembers } from "./kept.ts";
import { createRowReader } from "./rows.ts";
import { wasmBase64 } from "./wasm.ts";

/** What is compiled from `assembly/`, with a memory of its own. */
export type Engine = {
  /** What the file is read into, in turn. */
  windows: readonly [Uint8Array, Uint8Array];
  /** For each line of the last batch: where its newline stands, from the window's beginning on; and its flags. */
  lines: Int32Array;
  lineCount: () => number;
  /** Begins with the skeletons of the last batch: one for each line that is valid and need not be read whole. */
  beginRows: () => void;
  nextRow: () => Record<string, unknown>;
  /** Takes so many bytes from the next window. `isLast`: the file ends behind them, and another one may follow. */
  feed: (length: number, isLast: boolean) => void;
  /** Makes a batch of lines; true when there are more before the window may be filled again. */
  skim: () => boolean;
};

/** Flags of a line, as in `assembly/lines.ts`. */
export const IS_BLANK = 1;
export const IS_VALID = 2;
export const NEEDS_WHOLE = 4;
export const HAS_LONE_SURROGATE = 8;

/** What words are members of, as in `assembly/names.ts`. */
const WORDS = 2;

/** @throws WebAssembly.CompileError where the processor can't do 128 bits at once */
export function createEngine(paths: readonly string[]): Engine {
  compiled ??= new WebAssembly.Module(Buffer.from(wasmBase64, "base64"));
  const { exports } = new WebAssembly.Instance(compiled);
  const memory = Buffer.from(exports.memory.buffer);
  const windowAt = (address: number) => memory.subarray(address, address + exports.WINDOW_BYTES.value);
  const firstAt = exports.WINDOWS.value;
  const first = windowAt(firstAt);
  const isText = new Set<string>(textMembers);
  const member = (within: number, name: string) =>
    exports.keepName(within, firstAt, first.write(name, "latin1"), isText.has(name) ? 1 : 0);
  const reader = createRowReader(paths, commonWords, {
    member,
    elements: (within) => exports.keepElements(within),
    word: (word) => member(WORDS, word),
  });
  const placesAt = exports.PLACES.value;
  const valuesAt = exports.VALUES.value;
  return {
    windows: [first, windowAt(firstAt + exports.WINDOW_DISTANCE.value)],
    lines: new Int32Array(exports.memory.buffer, exports.LINES.value, exports.LINES_BYTES.value / 4),
    lineCount: () => exports.lineCount.value,
    beginRows() {
      const length = exports.valuesLength.value;
      // One text for all values is parsed much faster than one for each.
      const values = length === 0 ? [] : JSON.parse(memory.toString("latin1", valuesAt, valuesAt + length));
      reader.begin(memory.subarray(placesAt, placesAt + exports.placesLength()), values);
    },
    nextRow: reader.next,
    feed: (length, isLast) => exports.feed(length, isLast ? 1 : 0),
    skim: () => exports.skim() !== 0,
  };
}

type Global = { value: number };

/** Addresses are in bytes. */
type Exports = {
  memory: { buffer: ArrayBuffer };
  WINDOWS: Global;
  WINDOW_BYTES: Global;
  WINDOW_DISTANCE: Global;
  PLACES: Global;
  placesLength: () => number;
  VALUES: Global;
  valuesLength: Global;
  LINES: Global;
  LINES_BYTES: Global;
  lineCount: Global;
  keepName: (within: number, address: number, length: number, isText: number) => number;
  keepElements: (within: number) => number;
  feed: (length: number, isLast: number) => void;
  skim: () => number;
};

/** Node's types do not have it. */
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object) => { exports: Exports };
};

/** The code is the same for all engines. */
let compiled: object | undefined;

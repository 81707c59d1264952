import { textMembers } from "./kept-members.ts";
import { wasmBase64 } from "./wasm.ts";

/** What is compiled from `assembly/`, with a memory of its own. */
export type Engine = {
  /** What the file is read into. */
  window: Uint8Array;
  /** For each line of the last batch: where its newline stands, from the window's beginning on; and its flags. */
  lines: Int32Array;
  lineCount: () => number;
  /** The skeletons of the last batch: one for each line that is valid and need not be read whole. */
  parseRows: () => unknown[];
  /** Takes so many bytes from the window. `isLast`: the file ends behind them, and another one may follow. */
  feed: (length: number, isLast: boolean) => void;
  /** Makes a batch of lines; true when there are more before the window may be filled again. */
  skim: () => boolean;
};

/** Flags of a line, as in `assembly/lines.ts`. */
export const IS_BLANK = 1;
export const IS_VALID = 2;
export const NEEDS_WHOLE = 4;
export const HAS_LONE_SURROGATE = 8;

/** @throws WebAssembly.CompileError where the processor can't do 128 bits at once */
export function createEngine(members: readonly string[]): Engine {
  compiled ??= new WebAssembly.Module(Buffer.from(wasmBase64, "base64"));
  const { exports } = new WebAssembly.Instance(compiled);
  const memory = Buffer.from(exports.memory.buffer);
  const windowAt = exports.WINDOW.value;
  const skeletonsAt = exports.SKELETONS.value;
  const window = memory.subarray(windowAt, windowAt + exports.WINDOW_BYTES.value);
  const isText = new Set<string>(textMembers);
  for (const name of members) {
    exports.keepName(windowAt, window.write(name, "latin1"), isText.has(name) ? 1 : 0);
  }
  return {
    window,
    lines: new Int32Array(exports.memory.buffer, exports.LINES.value, exports.LINES_BYTES.value / 4),
    lineCount: () => exports.lineCount.value,
    parseRows: () => {
      const length = exports.textLength.value;
      // One text for all rows is parsed faster than one for each.
      return length === 0 ? [] : JSON.parse(memory.toString("latin1", skeletonsAt, skeletonsAt + length));
    },
    feed: (length, isLast) => exports.feed(length, isLast ? 1 : 0),
    skim: () => exports.skim() !== 0,
  };
}

type Global = { value: number };

/** Addresses are in bytes. */
type Exports = {
  memory: { buffer: ArrayBuffer };
  WINDOW: Global;
  WINDOW_BYTES: Global;
  SKELETONS: Global;
  textLength: Global;
  LINES: Global;
  LINES_BYTES: Global;
  lineCount: Global;
  keepName: (address: number, length: number, isText: number) => void;
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

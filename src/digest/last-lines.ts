import type { Row } from "../dialects/dialect.ts";
import { parseRow } from "../transcript/contents.ts";

/** More than one, as the last line may break off. */
const LINES = 2;

/** Keeps copies of the last lines that it is given, always in the same memory: most of a large file passes through here. */
export function keepLastLines() {
  const slots: { memory: Buffer; bytes: number }[] = Array.from({ length: LINES }, () => ({
    memory: Buffer.alloc(0),
    bytes: 0,
  }));
  let count = 0;
  return {
    take(line: Buffer) {
      const slot = slots[count % LINES] as { memory: Buffer; bytes: number };
      if (slot.memory.length < line.length) slot.memory = Buffer.alloc(line.length * 2);
      slot.bytes = line.copy(slot.memory);
      count += 1;
    },
    anyHolds: (text: string) => slots.some((slot) => contentOf(slot).includes(text)),
    /** Those that are rows. */
    newestFirst(): Row[] {
      const order = slots.map((_, back) => slots[(count - 1 - back + LINES) % LINES]);
      const rows = order.map((slot) => slot && parseRow(contentOf(slot)));
      return rows.filter((row) => row !== undefined);
    },
  };
}

function contentOf({ memory, bytes }: { memory: Buffer; bytes: number }): Buffer {
  return memory.subarray(0, bytes);
}

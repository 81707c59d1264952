import { TEXT_MARK } from "./kept.ts";

type Row = Record<string, unknown>;

/** Gives a number to what is kept: to a member of a place, to the elements of an array, to a word. */
export type Numbering = {
  member: (within: number, name: string) => number;
  elements: (within: number) => number;
  word: (word: string) => number;
};

/** The number of the row itself. */
const ROW = 1;
// What stands at a place, where it is no word; as in `assembly/skeletons.ts`.
const VALUE = 0;
const OBJECT = 4;
const ARRAY = 5;
const OTHERS: readonly unknown[] = [undefined, true, false, null, undefined, undefined, TEXT_MARK];

/**
 * Puts skeletons together of what the compiled part tells of them: for each thing that is kept, the number of its place in
 * the row and what stands there, in a byte each; and apart from these the strings and numbers.
 *
 * @param paths as `message.content[].id`
 */
export function createRowReader(paths: readonly string[], words: readonly string[], numbering: Numbering) {
  const others = [...OTHERS];
  for (const word of words) others[numbering.word(word)] = word;
  /** By the number of a place: the place around it, its name there (none for elements), and an object that could stand there. */
  const around: number[] = [];
  const names: (string | undefined)[] = [];
  const blanks: Row[] = [];
  blanks[ROW] = {};
  const numbers = new Map<string, number>();
  for (const path of paths) {
    let [within, upTo] = [ROW, ""];
    for (const step of path.split(/\.|(?=\[\])/)) {
      upTo += `.${step}`;
      const isElements = step === "[]";
      const number = numbers.get(upTo) ?? (isElements ? numbering.elements(within) : numbering.member(within, step));
      numbers.set(upTo, number);
      around[number] = within;
      names[number] = isElements ? undefined : step;
      blanks[number] ??= {};
      // all objects of a place are made alike: so V8 is faster with them
      if (!isElements) (blanks[within] as Row)[step] = undefined;
      within = number;
    }
  }
  let places: Uint8Array = new Uint8Array();
  let values: readonly unknown[] = [];
  let [at, nextValue] = [0, 0];
  /** By place: what was met there last and may hold others. */
  const open: unknown[] = [];
  return {
    begin(newPlaces: Uint8Array, newValues: readonly unknown[]): void {
      [places, values, at, nextValue] = [newPlaces, newValues, 0, 0];
    },
    /** What is not kept, or not there, is undefined. */
    next(): Row {
      const row = { ...blanks[ROW] };
      open[ROW] = row;
      for (at += 2; at < places.length && places[at] !== ROW; at += 2) {
        const place = places[at] as number;
        const what = places[at + 1] as number;
        let value: unknown;
        if (what === VALUE) {
          value = values[nextValue];
          nextValue += 1;
        } else if (what === OBJECT) {
          value = { ...blanks[place] };
          open[place] = value;
        } else if (what === ARRAY) {
          value = [];
          open[place] = value;
        } else value = others[what];
        const name = names[place];
        const container = open[around[place] as number];
        if (name === undefined) (container as unknown[]).push(value);
        else (container as Row)[name] = value;
      }
      return row;
    },
  };
}

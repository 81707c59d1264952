import type { ReportDocument } from "./document.ts";

/** Of these there may be tens of thousands. */
const LONG_LISTS: ReadonlySet<string> = new Set(["findings", "actions", "spared", "archives"]);
/** Of so many the text is made at once. */
const ITEMS_AT_ONCE = 100;

/**
 * The document as JSON text, piece by piece: of a run over ten thousand sessions it has tens of megabytes. What only the screen
 * needs to know is left out.
 */
export function* toJson(report: ReportDocument): Generator<string> {
  yield* membersOf(report);
  yield "\n";
}

function* membersOf(value: object): Generator<string> {
  let before = "{";
  for (const [name, member] of Object.entries(value)) {
    const first = `${before}${JSON.stringify(name)}:`;
    if (name === "installations") yield* listOf(first, member as object[], membersOf);
    else if (LONG_LISTS.has(name)) yield* listOf(first, chunksOf(member as unknown[]), itemsOf);
    else {
      const text = JSON.stringify(member, forMachines);
      if (text === undefined || isForTheScreen(name)) continue;
      yield first + text;
    }
    before = ",";
  }
  yield before === "{" ? "{}" : "}";
}

function* listOf<Item>(
  before: string,
  items: Iterable<Item>,
  textOf: (item: Item) => Iterable<string>,
): Generator<string> {
  let lead = `${before}[`;
  for (const item of items) {
    yield lead;
    yield* textOf(item);
    lead = ",";
  }
  yield lead === "," ? "]" : `${lead}]`;
}

function* chunksOf(items: readonly unknown[]): Generator<unknown[]> {
  for (let at = 0; at < items.length; at += ITEMS_AT_ONCE) yield items.slice(at, at + ITEMS_AT_ONCE);
}

function* itemsOf(chunk: unknown[]): Generator<string> {
  yield JSON.stringify(chunk, forMachines).slice(1, -1);
}

function forMachines(name: string, value: unknown): unknown {
  return isForTheScreen(name) ? undefined : value;
}

function isForTheScreen(name: string): boolean {
  return name === "isTold" || name === "sinceMs";
}

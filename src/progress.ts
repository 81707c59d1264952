/** What may take long. How it is called stands in `report/progress-bar.ts`. */
export type WorkKind =
  | "look-at-transcripts"
  | "read-transcript"
  | "do-jobs"
  | "archive-sessions"
  | "archive"
  | "read-archive-back"
  | "verify-archives"
  | "write-copy"
  | "restart-gateway"
  | "wait-for-run"
  | "wait-for-owner";

/** Work that is under way: how much there is (absent: nobody knows), in bytes or in things, and how much of it is done. */
export type Work = { kind: WorkKind; unit: "bytes" | "things"; total: number | undefined; done: number };

/** Who shows a person how far work is. */
export type Onlooker = { begun: (work: Work) => void; advanced: () => void; ended: (work: Work) => void };

let onlooker: Onlooker | undefined;

/**
 * Has somebody look on from now on. Without an onlooker, which is how every run from a crontab goes, telling how far work
 * is costs nothing. There is one for the process, like its terminal: so no loop has to be handed it.
 */
export function lookOn(by: Onlooker): void {
  onlooker = by;
}

/** Does work of so many bytes, and tells how far it is whenever the work does. */
export async function during<T>(
  kind: WorkKind,
  bytes: number | undefined,
  work: (advance: (by: number) => void) => Promise<T>,
): Promise<T> {
  if (!onlooker) return work(() => undefined);
  const by = onlooker;
  const under: Work = { kind, unit: "bytes", total: bytes, done: 0 };
  by.begun(under);
  try {
    return await work((more) => {
      under.done += more;
      by.advanced();
    });
  } finally {
    by.ended(under);
  }
}

/** The same things in their order; how many of them are done is told. */
export function counted<T>(kind: WorkKind, things: readonly T[]): Iterable<T> {
  return onlooker ? counting(kind, things, onlooker) : things;
}

/** The same for things that come one after the other, `total` of them. */
export async function* countedAsTheyCome<T>(
  kind: WorkKind,
  total: number,
  things: AsyncIterable<T>,
): AsyncGenerator<T> {
  const under: Work = { kind, unit: "things", total, done: 0 };
  onlooker?.begun(under);
  try {
    for await (const thing of things) {
      yield thing;
      under.done += 1;
      onlooker?.advanced();
    }
  } finally {
    onlooker?.ended(under);
  }
}

function* counting<T>(kind: WorkKind, things: readonly T[], by: Onlooker): Generator<T> {
  const under: Work = { kind, unit: "things", total: things.length, done: 0 };
  by.begun(under);
  try {
    for (const thing of things) {
      yield thing;
      under.done += 1;
      by.advanced();
    }
  } finally {
    by.ended(under);
  }
}

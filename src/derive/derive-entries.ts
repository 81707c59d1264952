import { type DerivedEntry, deriveEntry, type Facts, timeOf } from "./derive-entry.ts";

/** `derived` is undefined when the transcript gives no id that an entry could have, or no time. */
export type Derived = { facts: Facts; derived: DerivedEntry | undefined };

/**
 * Makes the entries of one registry, for the transcript with the newest time first: of several sessions of one place the
 * newest is the one that goes on, and gets its key. Pure.
 *
 * @param takenKeys in any spelling, as the gateway matches them whatever their case
 */
export function deriveEntries(transcripts: readonly Facts[], takenKeys: Iterable<string>): Derived[] {
  const taken = new Set([...takenKeys].map((key) => key.toLowerCase()));
  const newestFirst = transcripts.toSorted((a, b) => (timeOf(b)?.ms ?? 0) - (timeOf(a)?.ms ?? 0));
  return newestFirst.map((facts) => {
    const derived = deriveEntry(facts, taken);
    if (derived) taken.add(derived.key.toLowerCase());
    return { facts, derived };
  });
}

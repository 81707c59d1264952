import { constants as bufferConstants } from "node:buffer";
import { KeeperError } from "../errors.ts";
import { findMembers } from "../json/json-text.ts";
import type { LostPart, Salvage, SalvagedEntry } from "./salvage.ts";

export type EntryOrigin = "own-text" | "temp" | "backup" | "transcript";

/** Something that entries can be taken from. */
export type MergeSource = {
  origin: EntryOrigin;
  path: string;
  /** Milliseconds since 1970. Transcripts come last, whenever they were written. */
  writtenMs: number;
  salvage: Pick<Salvage, "lost" | "isWhole"> & {
    /** Made from a transcript, an entry stands nowhere. */
    entries: Pick<SalvagedEntry, "key" | "text" | "doubt">[];
  };
};

export type MergedEntry = {
  key: string;
  /** Its value as JSON. */
  text: string;
  origin: EntryOrigin;
  path: string;
  doubt?: SalvagedEntry["doubt"];
  /** Newer than its source is a whole one without this key: the gateway may have taken the entry out since. */
  isAbsentFromNewer: boolean;
};

export type Merge = {
  /** The whole registry, laid out as the gateway does. */
  text: string;
  /** In the order of the text. */
  entries: MergedEntry[];
  /** What no source has; parts without a key may be of entries that were saved from elsewhere. */
  lost: (LostPart & { origin: EntryOrigin; path: string })[];
};

/**
 * Makes one registry out of what was saved from several sources: of each key the newest entry that is whole, else the newest
 * that is doubtful, else the one made from a transcript. The keys stand in the order of the newest source that has any, those
 * of others behind. Pure.
 *
 * @param keep false for an entry that isn't to be in the result; what an older source has of that key isn't either then
 * @throws KeeperError (`failed`) when the result would be too large, or isn't what was intended
 */
export function mergeSources(
  sources: readonly MergeSource[],
  keep: (entry: MergedEntry) => boolean = () => true,
): Merge {
  const newestFirst = [...sources].sort(byAge);
  const chosen = new Map<string, MergedEntry>();
  for (const source of newestFirst) {
    for (const entry of source.salvage.entries) {
      const before = chosen.get(entry.key);
      if (before === undefined || isMoreSure(entry, source, before)) chosen.set(entry.key, from(source, entry));
    }
  }
  markAbsent(chosen, newestFirst);
  const entries = [...chosen.values()].filter(keep);
  const text = compose(entries);
  checkResult(text, entries);
  return { text, entries, lost: newestFirst.flatMap((source) => lostOf(source, chosen)) };
}

const ORDER: EntryOrigin[] = ["own-text", "temp", "backup", "transcript"];

function byAge(a: MergeSource, b: MergeSource): number {
  const aIsMade = Number(a.origin === "transcript");
  const bIsMade = Number(b.origin === "transcript");
  return aIsMade - bIsMade || b.writtenMs - a.writtenMs || ORDER.indexOf(a.origin) - ORDER.indexOf(b.origin);
}

/** Sources are looked at from the newest: only one that is whole takes the place of a doubtful one. */
function isMoreSure(entry: { doubt?: unknown }, source: MergeSource, before: MergedEntry): boolean {
  return before.doubt !== undefined && entry.doubt === undefined && source.origin !== "transcript";
}

function from(
  { origin, path }: MergeSource,
  { key, text, doubt }: MergeSource["salvage"]["entries"][number],
): MergedEntry {
  return { key, text, origin, path, ...(doubt && { doubt }), isAbsentFromNewer: false };
}

function markAbsent(chosen: ReadonlyMap<string, MergedEntry>, newestFirst: readonly MergeSource[]): void {
  const unseen = new Map(chosen);
  let isWhole = false;
  for (const { salvage, origin } of newestFirst) {
    // What is broken there was there.
    const keys = [...salvage.entries, ...salvage.lost].flatMap(({ key }) => key ?? []);
    for (const key of keys) {
      const entry = unseen.get(key);
      if (entry && isWhole && origin !== "transcript") entry.isAbsentFromNewer = true;
      unseen.delete(key);
    }
    isWhole ||= salvage.isWhole && origin !== "transcript";
  }
}

function lostOf({ origin, path, salvage }: MergeSource, chosen: ReadonlyMap<string, MergedEntry>): Merge["lost"] {
  const isLost = ({ key, why }: LostPart) => key === undefined || why !== "broken" || !chosen.has(key);
  return salvage.lost.filter(isLost).map((part) => ({ ...part, origin, path }));
}

function compose(entries: readonly MergedEntry[]): string {
  if (entries.length === 0) return "{}";
  const lines = entries.map(({ key, text }) => `  ${JSON.stringify(key)}: ${text}`);
  const length = lines.reduce((sum, line) => sum + line.length + 2, 4);
  if (length > bufferConstants.MAX_STRING_LENGTH) throw notMade("what could be saved is too large for one file");
  return `{\n${lines.join(",\n")}\n}`;
}

/** Entry by entry, as for all of a large registry at once the memory of a small machine may not do. */
function checkResult(text: string, entries: readonly MergedEntry[]): void {
  const { members } = readBack(text);
  const isIntended = members.every(({ name, valueAt, valueEnd }, index) => {
    const value = text.slice(valueAt, valueEnd);
    return name === entries[index]?.key && value === entries[index]?.text && isJson(value);
  });
  if (members.length !== entries.length || !isIntended) throw notMade("the registry did not come out as intended");
}

function readBack(text: string) {
  try {
    return findMembers(text);
  } catch (error) {
    throw notMade("the registry did not come out as JSON", error);
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function notMade(what: string, cause?: unknown): KeeperError {
  return new KeeperError(
    "failed",
    `${what}, and was thrown away`,
    "Nothing was changed. Put the newest good backup of the registry in its place by hand, with the gateway stopped.",
    cause,
  );
}

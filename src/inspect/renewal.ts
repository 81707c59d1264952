import type { Derived } from "../derive/derive-entries.ts";
import type { DerivedEntry } from "../derive/derive-entry.ts";
import { ROUTE_FIELDS } from "../derive/route.ts";
import { findMembers, isObjectAt } from "../json/json-text.ts";
import type { ObjectChange } from "../registry/change-object.ts";
import { type EntryFields, editEntries } from "../registry/edit.ts";
import { freshStartOf } from "../registry/fresh-start.ts";
import type { Merge, MergeSource } from "../registry/merge.ts";

/**
 * Entries of copies that a newer transcript goes on from: since the copy was made the conversation was reset, as gateways do every
 * night. Such an entry leads to the newer transcript, and keeps what a reset keeps. Pure.
 *
 * @param saved what copies were merged to
 * @param derived entries of transcripts that none of the copies knows, made as if no key were taken
 * @returns the sources with those entries renewed
 */
export function renewEntries(
  sources: readonly MergeSource[],
  saved: Merge,
  derived: readonly Derived[],
): { sources: MergeSource[]; isRenewed: boolean } {
  const texts = new Map<MergeSource, Map<string, string>>();
  for (const { derived: made, facts } of derived) {
    if (!made || made.isSubstitute) continue;
    const entry = saved.entries.find(({ key }) => key.toLowerCase() === made.key.toLowerCase());
    const source = entry && sources.find(({ path, origin }) => path === entry.path && origin === entry.origin);
    // what still stands in the registry itself is the gateway's last word
    if (!entry || !source || entry.origin === "own-text" || !isObjectAt(entry.text, 0)) continue;
    if (!((facts.evidence.firstAt ?? 0) > source.writtenMs)) continue;
    texts.set(source, (texts.get(source) ?? new Map()).set(entry.key, renewedText(entry.text, made)));
  }
  return { sources: sources.map((source) => withTexts(source, texts.get(source))), isRenewed: texts.size > 0 };
}

function withTexts(source: MergeSource, texts: ReadonlyMap<string, string> | undefined): MergeSource {
  if (!texts) return source;
  const entries = source.salvage.entries.map((entry) => ({ ...entry, text: texts.get(entry.key) ?? entry.text }));
  return { ...source, salvage: { ...source.salvage, entries } };
}

const NAME = "entry";

function renewedText(text: string, made: DerivedEntry): string {
  const { text: edited } = editEntries(`{"${NAME}": ${text}}`, (entry) => renewal(entry, made));
  const member = findMembers(edited).members.find(({ name }) => name === NAME);
  return member ? edited.slice(member.valueAt, member.valueEnd) : text;
}

/** As after a reset, but for what the transcript of the new session tells. */
function renewal(entry: EntryFields, { entry: made, sessionId, told }: DerivedEntry): ObjectChange {
  // the copy knows more of a route than rows do, as long as it is the same
  const route = told.route === "rows" && entry.read("lastTo") !== made.lastTo ? ROUTE_FIELDS : [];
  const model = told.model === "none" ? [] : ["modelProvider", "model"];
  const names = ["sessionId", "updatedAt", "sessionFile", ...model, ...COUNTERS, ...route, ...REPAIRED];
  const ofTranscript = names.filter((name) => made[name] !== undefined);
  const { remove = [], replace = [], insert = [] } = freshStartOf(entry, sessionId, Number(made.updatedAt));
  const set = new Map([
    ...[...replace, ...insert].filter(([name]) => name !== FRESH_MARK),
    ...ofTranscript.map((name) => [name, JSON.stringify(made[name])] as const),
  ]);
  return {
    remove: new Set([...remove, ...route, FRESH_MARK].filter((name) => entry.has(name) && !set.has(name))),
    replace: new Map([...set].filter(([name]) => entry.has(name))),
    insert: new Map([...set].filter(([name]) => !entry.has(name))),
  };
}

/** Of a session without a transcript; this one has one. */
const FRESH_MARK = "systemSent";
const COUNTERS = ["inputTokens", "outputTokens", "totalTokens", "cacheRead", "cacheWrite"];
const REPAIRED = ["repaired", "repairedAt", "repairedReason"];

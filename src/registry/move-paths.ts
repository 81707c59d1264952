import { findElements, findMembers, isObjectAt, type Member } from "../json/json-text.ts";
import { applySplices, type Splice } from "../json/splice.ts";

const COPIES = ["preCompaction", "postCompaction"];

/**
 * The text of an entry that goes to another agent: with new paths of its transcript and of the copies from before its
 * compactions, and every other character as it is. Of repeated names, readers see the last.
 *
 * @param rename the new path; undefined for one that stays
 * @throws JsonTextError when the text is no object
 */
export function withPaths(text: string, rename: (path: string) => string | undefined): string {
  const splices = pathsIn(text).flatMap(({ at, end }): Splice[] => {
    const path: unknown = JSON.parse(text.slice(at, end));
    const renamed = typeof path === "string" ? rename(path) : undefined;
    return renamed === undefined ? [] : [{ at, remove: text.slice(at, end), insert: JSON.stringify(renamed) }];
  });
  return applySplices(
    text,
    splices.toSorted((a, b) => a.at - b.at),
  );
}

/** The files that an entry says its copies from before compactions are in. Takes an entry with values of any type. */
export function checkpointsOf(entry: Record<string, unknown>): string[] {
  const { compactionCheckpoints: checkpoints } = entry;
  const copies = (Array.isArray(checkpoints) ? checkpoints : []).flatMap((one) => COPIES.map((name) => one?.[name]));
  return [...new Set(copies.flatMap((copy) => (typeof copy?.sessionFile === "string" ? copy.sessionFile : [])))];
}

type Span = { at: number; end: number };

function pathsIn(text: string): Span[] {
  const fields = findMembers(text).members;
  const checkpoints = last(fields, "compactionCheckpoints");
  const elements = checkpoints && text[checkpoints.valueAt] === "[" ? findElements(text, checkpoints.valueAt) : [];
  const copies = elements
    .filter(({ at }) => isObjectAt(text, at))
    .flatMap(({ at }) => COPIES.flatMap((name) => last(findMembers(text, at).members, name) ?? []))
    .filter(({ valueAt }) => isObjectAt(text, valueAt));
  const files = [last(fields, "sessionFile"), ...copies.map(({ valueAt }) => fileOf(text, valueAt))];
  return files.flatMap((member) => (member ? [{ at: member.valueAt, end: member.valueEnd }] : []));
}

function fileOf(text: string, at: number): Member | undefined {
  return last(findMembers(text, at).members, "sessionFile");
}

function last(members: readonly Member[], name: string): Member | undefined {
  return members.findLast((member) => member.name === name);
}

import { findElements, findMembers, type Member } from "../json/json-text.ts";
import { applySplices, type Splice } from "../json/splice.ts";
import type { LineEdit, RowEdit } from "./edits.ts";
import { loneSurrogatesIn } from "./read-rows.ts";
import { examineUnreadable } from "./unreadable.ts";

/** Members of a row whose text is sent. */
const SENT = new Set(["message", "summary", "content"]);

/**
 * A line with its edits made; undefined when nothing of it is left. Text is handled as single bytes, so that whatever is
 * not touched comes out as it went in, valid UTF-8 or not.
 *
 * @param line its bytes without the newline
 */
export function editLine(line: Buffer, edit: LineEdit, isLast: boolean): Buffer | undefined {
  const rows = edit.isUnreadable ? examineUnreadable(line, isLast).rows : [line];
  const edited = rows.flatMap((bytes, part) => {
    const change = edit.rows.get(part);
    if (!change) return [bytes];
    return change.isDropped ? [] : [Buffer.from(editRow(bytes.toString("latin1"), change), "latin1")];
  });
  return edited.length === 0 ? undefined : join(edited);
}

function editRow(text: string, { dropBlocks, set, mendHalves, unlist }: RowEdit): string {
  let edited = text;
  if (dropBlocks) edited = withoutBlocks(edited, dropBlocks);
  if (set) edited = withMembers(edited, set);
  if (unlist) edited = withoutListed(edited, unlist);
  if (mendHalves) edited = withoutHalves(edited);
  return edited;
}

function withoutBlocks(text: string, indexes: ReadonlySet<number>): string {
  const message = memberOf(text, rootOf(text), "message");
  const content = message && memberOf(text, message.valueAt, "content");
  return content ? withoutElements(text, content.valueAt, (_, index) => indexes.has(index)) : text;
}

function withoutElements(text: string, arrayAt: number, isOut: (value: string, index: number) => boolean): string {
  const elements = findElements(text, arrayAt);
  const kept = elements.filter(({ at, end }, index) => !isOut(text.slice(at, end), index));
  if (kept.length === elements.length) return text;
  const [first, last] = [elements[0], elements.at(-1)];
  if (!first || !last) return text;
  const remove = text.slice(first.at, last.end);
  return applySplices(text, [
    { at: first.at, remove, insert: kept.map(({ at, end }) => text.slice(at, end)).join(",") },
  ]);
}

function withMembers(text: string, set: NonNullable<RowEdit["set"]>): string {
  const { members } = findMembers(text, rootOf(text));
  const splices = members.flatMap((member): Splice[] => {
    const value = set[member.name];
    return value === undefined ? [] : [replacing(text, member, asBytes(value))];
  });
  const known = new Set(members.map(({ name }) => name));
  const added = Object.entries(set).filter(([name]) => !known.has(name));
  const id = members.find(({ name }) => name === "id");
  if (added.length === 0 || !id) return applySplices(text, splices);
  const insert = added.map(([name, value]) => `,${JSON.stringify(name)}:${asBytes(value)}`).join("");
  const all = [...splices, { at: id.valueEnd, remove: "", insert }];
  return applySplices(
    text,
    all.toSorted((a, b) => a.at - b.at),
  );
}

/** Takes ids out of a compaction's lists of kept rows, and moves the ends of its segment to what is left. */
function withoutListed(text: string, { ids, headId, tailId }: NonNullable<RowEdit["unlist"]>): string {
  let edited = text;
  for (const list of ["uuids", "allUuids"]) {
    const at = placeOf(edited, ["compactMetadata", "preservedMessages", list]);
    if (at && edited[at.valueAt] === "[")
      edited = withoutElements(edited, at.valueAt, (value) => ids.has(String(JSON.parse(value))));
  }
  for (const [name, id] of [["headUuid", headId] as const, ["tailUuid", tailId] as const]) {
    const at = placeOf(edited, ["compactMetadata", "preservedSegment", name]);
    if (at) edited = applySplices(edited, [replacing(edited, at, asBytes(id ?? null))]);
  }
  return edited;
}

function withoutHalves(text: string): string {
  const sent = findMembers(text, rootOf(text)).members.filter(({ name }) => SENT.has(name));
  const splices = loneSurrogatesIn(text)
    .filter((at) => sent.some(({ valueAt, valueEnd }) => at >= valueAt && at < valueEnd))
    .map((at): Splice => ({ at, remove: text.slice(at, at + 6), insert: "\\ufffd" }));
  return applySplices(text, splices);
}

function placeOf(text: string, names: readonly string[]): Member | undefined {
  let found: Member | undefined;
  for (const name of names) {
    const at = found ? found.valueAt : rootOf(text);
    if (text[at] !== "{") return undefined;
    found = memberOf(text, at, name);
    if (!found) return undefined;
  }
  return found;
}

/** The member of that name that counts: of several the last. */
function memberOf(text: string, objectAt: number, name: string): Member | undefined {
  return findMembers(text, objectAt).members.findLast((member) => member.name === name);
}

function replacing(text: string, { valueAt, valueEnd }: Member, insert: string): Splice {
  return { at: valueAt, remove: text.slice(valueAt, valueEnd), insert };
}

/** JSON as the bytes that it is written in, one character each. */
function asBytes(value: string | number | null): string {
  return Buffer.from(JSON.stringify(value)).toString("latin1");
}

/** Where the object of a line begins; a mark of the byte order may stand before it. */
function rootOf(text: string): number {
  return Math.max(0, text.indexOf("{"));
}

function join(rows: readonly Buffer[]): Buffer {
  return Buffer.concat(rows.flatMap((row, index) => (index === 0 ? [row] : [Buffer.from("\n"), row])));
}

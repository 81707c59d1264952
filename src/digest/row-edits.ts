import { findMembers, type Member } from "../json/json-text.ts";
import { applySplices } from "../json/splice.ts";
import { cutToFit, wellFormed } from "./encoded-text.ts";
import type { Reply } from "./gather.ts";

/** Another value for a member of a row, found through the names that lead to it. A member that is not there stays away. */
export type Change = { path: readonly string[]; value: string | number | null };

/** Fewer words of a reply than fit into this tell nothing. */
const SHORTEST_TEXT_BYTES = 80;

/**
 * A row with some values changed. Text is handled as single bytes, so that all else comes out as it went in.
 *
 * @throws JsonTextError when the line is no object
 */
export function withValues(line: Buffer, changes: readonly Change[]): Buffer {
  return changes.reduce((bytes, { path, value }) => replaceMember(bytes, path, JSON.stringify(value)) ?? bytes, line);
}

/**
 * The row of a reply in so many bytes at most: as it is apart from the changes; else with nothing but the words in it, cut
 * where they don't fit.
 *
 * @returns undefined when there is no room for any of them
 */
export function replyWithin(reply: Reply, changes: readonly Change[], roomBytes: number): Buffer | undefined {
  const whole = withValues(reply.bytes, changes);
  if (whole.length <= roomBytes) return whole;
  const blocks = (text: string) => JSON.stringify([{ type: "text", text }]);
  const frame = replaceMember(whole, ["message", "content"], blocks(""));
  if (!frame || roomBytes - frame.length < SHORTEST_TEXT_BYTES) return undefined;
  const text = cutToFit(wellFormed(reply.text), roomBytes - frame.length);
  return replaceMember(whole, ["message", "content"], blocks(text));
}

function replaceMember(line: Buffer, path: readonly string[], json: string): Buffer | undefined {
  const text = line.toString("latin1");
  let found: Member | undefined;
  for (const name of path) {
    const at = found ? found.valueAt : Math.max(0, text.indexOf("{"));
    if (text[at] !== "{") return undefined;
    // of several members with one name, the last one counts
    found = findMembers(text, at).members.findLast((member) => member.name === name);
    if (!found) return undefined;
  }
  if (!found) return undefined;
  const { valueAt, valueEnd } = found;
  const insert = Buffer.from(json).toString("latin1");
  return Buffer.from(applySplices(text, [{ at: valueAt, remove: text.slice(valueAt, valueEnd), insert }]), "latin1");
}

import { skipJson5Space } from "./json5-value.ts";
import { type BrokenMember, readMember, type WholeMember } from "./read-member.ts";

/** The members of a document one after the other, for as long as it is JSON or JSON5. */
export type Walk = {
  members: WholeMember[];
  /** Where it ended: behind the closing brace, or where it breaks. */
  end: number;
  /** Closed by its brace; or it breaks off with the text; or something else stands there than may; or it is no object. */
  state: "closed" | "cut" | "broken" | "no-object";
  /** The member at which it broke, as far as it can be read. */
  broken?: BrokenMember;
  /** Comments, last commas, or other quotes than JSON has: its members aside. */
  isJson5: boolean;
};

/** Walks the document that begins at `start` of a byte text, which holds nothing behind it that isn't to be read. */
export function walkDocument(text: string, start: number): Walk {
  const walk: Walk = { members: [], end: start, state: "no-object", isJson5: false };
  const passSpace = (from: number) => {
    const end = skipJson5Space(text, from);
    if (end !== undefined && !walk.isJson5) walk.isJson5 = !/^[ \t\r\n]*$/.test(text.slice(from, end));
    walk.end = end ?? text.length;
    return walk.end;
  };
  const stop = (state: Walk["state"]) => Object.assign(walk, { state });
  if (text[passSpace(start)] !== "{") return walk;
  for (let at = passSpace(walk.end + 1); ; ) {
    if (text[at] === "}") {
      // The comma before it is of JSON5.
      if (walk.members.length > 0) walk.isJson5 = true;
      walk.end = at + 1;
      return stop("closed");
    }
    if (at >= text.length) return stop("cut");
    const member = readMember(text, at);
    if ("failedAt" in member) {
      walk.broken = member;
      walk.end = member.failedAt;
      return stop(breaksOff(text, member.failedAt) ? "cut" : "broken");
    }
    walk.members.push(member);
    at = passSpace(member.end);
    if (at >= text.length) return stop("cut");
    if (text[at] === "}") {
      walk.end = at + 1;
      return stop("closed");
    }
    if (text[at] !== ",") return stop("broken");
    at = passSpace(at + 1);
  }
}

/** Whether the text fails at `at` because it ends there, perhaps within a word or an escape. */
function breaksOff(text: string, at: number): boolean {
  const rest = text.slice(at, at + LONGEST_NUMBER);
  return rest.length < LONGEST_NUMBER && UNFINISHED.test(rest);
}

const LONGEST_NUMBER = 400;
const UNFINISHED = /^(?:t|tr|tru|f|fa|fal|fals|n|nu|nul|\\(?:u[0-9a-fA-F]{0,3})?|[+-]?[\d.]*(?:[eE][+-]?)?)$/;

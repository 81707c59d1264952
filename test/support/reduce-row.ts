import { keptMembers, TEXT_MARK, textMembers } from "../../src/skimmer/kept-members.ts";

/** What a skimmer should make of a line: the row's skeleton, or that the line has to be read whole. */
type Reduced = { needsWhole: true } | { needsWhole: false; row: unknown };

/** The skeleton of a line by its rules, written down without a thought of speed. The line is JSON; each character is a byte. */
export function reduceRow(line: string): Reduced {
  const tokens = line.match(TOKEN) ?? [];
  if (tokens[0] !== "{") return { needsWhole: true };
  let next = 0;
  const reduceNext = (isKept: boolean, isText: boolean): string => {
    const token = tokens[next++] ?? "";
    const parts: string[] = [];
    if (token === "{") {
      for (; tokens[next] !== "}"; next += tokens[next] === "," ? 1 : 0) {
        const name = tokens[next++] ?? "";
        if (isKept && name.slice(0, LONGEST_NAME + 2).includes("\\")) throw new NeedsWhole();
        next += 1;
        const [isMember, isTextMember] = [isKept && kept.has(name), texts.has(name)];
        const value = reduceNext(isMember, isTextMember);
        if (isMember) parts.push(`${name}:${value}`);
      }
      next += 1;
      return `{${parts.join(",")}}`;
    }
    if (token === "[") {
      for (; tokens[next] !== "]"; next += tokens[next] === "," ? 1 : 0) parts.push(reduceNext(isKept, isText));
      next += 1;
      return `[${parts.join(",")}]`;
    }
    return isKept ? reduceScalar(token, isText) : "";
  };
  try {
    return { needsWhole: false, row: JSON.parse(reduceNext(true, false)) };
  } catch (error) {
    if (error instanceof NeedsWhole) return { needsWhole: true };
    throw error;
  }
}

/** Whether an escaped surrogate stands somewhere without its partner. */
export function hasLoneSurrogate(line: string): boolean {
  const escapes = line.match(/\\u[dD][89abAB]..\\u[dD][c-fC-F]..|\\u....|\\./g) ?? [];
  return escapes.some((one) => /^\\u[dD][89a-fA-F]..$/.test(one));
}

class NeedsWhole extends Error {}

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/gs;
const LONGEST_KEPT = 200;
const LONGEST_NAME = 48;

const kept = new Set(keptMembers.map((name) => `"${name}"`));
const texts = new Set<string>(textMembers.map((name) => `"${name}"`));

function reduceScalar(token: string, isText: boolean): string {
  const isString = token.startsWith('"');
  const bytes = isString ? token.length - 2 : token.length;
  if (bytes <= LONGEST_KEPT && isAscii(token)) return token;
  if (isString && isText && showsText(token.slice(1, -1))) return `"${TEXT_MARK}"`;
  throw new NeedsWhole();
}

function isAscii(text: string): boolean {
  return !/[^\0-\x7f]/.test(text);
}

/** Something that is surely no white space stands, not escaped, among the first bytes. */
function showsText(body: string): boolean {
  for (const { 0: character, index } of body.matchAll(/\\u....|\\.|[^\\]/gs)) {
    if (index >= LONGEST_KEPT) return false;
    if (!/^[\0- \\\x80-\xbf\xc2\xe1-\xe3\xef]/.test(character)) return true;
  }
  return false;
}

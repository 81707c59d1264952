import { TEXT_MARK, textMembers } from "../../src/skimmer/kept.ts";

/** What a skimmer should make of a line: the row's skeleton, or that the line has to be read whole. */
type Reduced = { needsWhole: true } | { needsWhole: false; row: unknown };

/** What is kept of a value: by name, or `[]` for the elements of an array. */
export type Kept = { [step: string]: Kept };

/** The tree of all that stands at these paths. */
export function keptAt(paths: readonly string[]): Kept {
  const all: Kept = {};
  for (const path of paths) {
    let kept = all;
    for (const [step] of path.matchAll(/[^.[]+|\[\]/g)) {
      kept[step] ??= {};
      kept = kept[step];
    }
  }
  return all;
}

/** The skeleton of a line by its rules, written down without a thought of speed. The line is JSON; each character is a byte. */
export function reduceRow(line: string, all: Kept): Reduced {
  const tokens = line.match(TOKEN) ?? [];
  if (tokens[0] !== "{") return { needsWhole: true };
  let next = 0;
  const reduceNext = (kept: Kept | undefined, isText: boolean): string => {
    const token = tokens[next++] ?? "";
    const parts: string[] = [];
    if (token === "{") {
      for (; tokens[next] !== "}"; next += tokens[next] === "," ? 1 : 0) {
        const name = tokens[next++] ?? "";
        if (kept && name.slice(0, LONGEST_NAME + 2).includes("\\")) throw new NeedsWhole();
        next += 1;
        const member = kept && Object.hasOwn(kept, name.slice(1, -1)) ? kept[name.slice(1, -1)] : undefined;
        const value = reduceNext(member, texts.has(name));
        if (member) parts.push(`${name}:${value}`);
      }
      next += 1;
      return `{${parts.join(",")}}`;
    }
    if (token === "[") {
      const elements = kept?.["[]"];
      for (; tokens[next] !== "]"; next += tokens[next] === "," ? 1 : 0) {
        const value = reduceNext(elements, isText);
        if (elements) parts.push(value);
      }
      next += 1;
      return `[${parts.join(",")}]`;
    }
    return kept ? reduceScalar(token, isText) : "";
  };
  try {
    return { needsWhole: false, row: JSON.parse(reduceNext(all, false)) };
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

/** A member of an object as it stands in the text. Offsets count characters; ends are exclusive. */
export type Member = {
  /** The name with its escapes decoded. */
  name: string;
  /** Where the opening quote of the name stands. */
  nameAt: number;
  nameEnd: number;
  valueAt: number;
  valueEnd: number;
};

/** An object as it stands in the text, from its opening brace to behind its closing one. */
export type ObjectSpan = { at: number; end: number; members: Member[] };

/** Text that isn't JSON as `JSON.parse` understands it. Carries the place and nothing of the text. */
export class JsonTextError extends Error {
  readonly offset: number;

  constructor(offset: number) {
    super(`malformed JSON at offset ${offset}`);
    this.name = "JsonTextError";
    this.offset = offset;
  }
}

/**
 * Finds the members of an object without building any value, so that text can be edited in place: numbers beyond 2^53,
 * the order of integer-like names and repeated names are all lost to `JSON.parse`.
 * As strict as `JSON.parse` for everything it passes, and iterative: deep nesting cannot exhaust the stack.
 *
 * @param start where the object begins (white space before it is passed). Left out: the whole text must be one object.
 * @throws JsonTextError when there is no object there, or it is malformed
 */
export function findMembers(text: string, start?: number): ObjectSpan {
  return findObject(text, start, skipValue);
}

/** A member, and those of its value where that is an object. */
export type NestedMember = Member & { fields?: readonly Member[] };

/**
 * The members of the object that is the whole text, each with its own, in one pass over it.
 *
 * @throws JsonTextError when it is no object, or malformed
 */
export function findEntries(text: string): NestedMember[] {
  const nested: (readonly Member[] | undefined)[] = [];
  const root = findObject(text, undefined, (_, valueAt) => {
    const inner = isObjectAt(text, valueAt) ? findMembers(text, valueAt) : undefined;
    nested.push(inner?.members);
    return inner?.end ?? skipValue(text, valueAt);
  });
  return root.members.map((member, index) => {
    const fields = nested[index];
    return fields ? { ...member, fields } : member;
  });
}

/** @param skip from where a value begins to its end */
function findObject(
  text: string,
  start: number | undefined,
  skip: (text: string, valueAt: number) => number,
): ObjectSpan {
  const at = skipSpace(text, start ?? 0);
  if (text.charCodeAt(at) !== OPEN_BRACE) throw new JsonTextError(at);
  const members: Member[] = [];
  let end = skipSpace(text, at + 1);
  if (text.charCodeAt(end) === CLOSE_BRACE) {
    end += 1;
  } else {
    for (;;) {
      const member = memberAt(text, end, skip);
      members.push(member);
      end = skipSpace(text, member.valueEnd);
      const code = text.charCodeAt(end);
      end += 1;
      if (code === CLOSE_BRACE) break;
      if (code !== COMMA) throw new JsonTextError(end - 1);
      end = skipSpace(text, end);
    }
  }
  if (start === undefined) {
    const rest = skipSpace(text, end);
    if (rest !== text.length) throw new JsonTextError(rest);
  }
  return { at, end, members };
}

/**
 * The member whose name begins at `nameAt`. Behind a number that ends with the text there may have been more digits.
 *
 * @param skip from where the value begins to its end
 * @throws JsonTextError when there is none, or it is malformed or breaks off
 */
export function memberAt(text: string, nameAt: number, skip = skipValue): Member {
  const nameEnd = skipString(text, nameAt);
  const valueAt = skipColon(text, nameEnd);
  const valueEnd = skip(text, valueAt);
  return { name: decodeName(text, nameAt, nameEnd), nameAt, nameEnd, valueAt, valueEnd };
}

/** Where a value stands in the text. The end is exclusive. */
export type ValueSpan = { at: number; end: number };

/**
 * Finds the elements of an array, as `findMembers` finds the members of an object.
 *
 * @param start where the array begins (white space before it is passed)
 * @throws JsonTextError when there is no array there, or it is malformed
 */
export function findElements(text: string, start: number): ValueSpan[] {
  const open = skipSpace(text, start);
  if (text.charCodeAt(open) !== OPEN_BRACKET) throw new JsonTextError(open);
  const elements: ValueSpan[] = [];
  let at = skipSpace(text, open + 1);
  if (text.charCodeAt(at) === CLOSE_BRACKET) return elements;
  for (;;) {
    const end = skipValue(text, at);
    elements.push({ at, end });
    at = skipSpace(text, end);
    if (text.charCodeAt(at) === CLOSE_BRACKET) return elements;
    if (text.charCodeAt(at) !== COMMA) throw new JsonTextError(at);
    at = skipSpace(text, at + 1);
  }
}

/** The end of the object or array that begins at `start`; undefined when it is malformed or breaks off. */
export function endOfValue(text: string, start: number): number | undefined {
  try {
    return skipValue(text, start);
  } catch {
    return undefined;
  }
}

/** Whether two members of the object have the same name; a reader then takes the last one. */
export function hasRepeatedNames(object: { members: readonly Member[] }): boolean {
  return new Set(object.members.map((member) => member.name)).size !== object.members.length;
}

/** Whether the value that begins at `valueAt` is an object. */
export function isObjectAt(text: string, valueAt: number): boolean {
  return text.charCodeAt(valueAt) === OPEN_BRACE;
}

const TAB = 0x09;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const SPACE = 0x20;
const QUOTE = 0x22;
const PLUS = 0x2b;
const COMMA = 0x2c;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const LOWER_E = 0x65;
const LOWER_U = 0x75;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** One where the character stands behind a backslash on its own. Looked up for every escape of a large text. */
const SIMPLE_ESCAPES = new Uint8Array(128);
for (const character of '"\\/bfnrt') SIMPLE_ESCAPES[character.charCodeAt(0)] = 1;
const WORDS = ["true", "false", "null"];

function skipValue(text: string, start: number): number {
  /** The closing character of each container that is still open. */
  const closers: number[] = [];
  let at = start;
  for (;;) {
    const code = text.charCodeAt(at);
    if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      const closer = code === OPEN_BRACE ? CLOSE_BRACE : CLOSE_BRACKET;
      at = skipSpace(text, at + 1);
      if (text.charCodeAt(at) !== closer) {
        closers.push(closer);
        if (closer === CLOSE_BRACE) at = skipName(text, at);
        continue;
      }
      at += 1;
    } else {
      at = code === QUOTE ? skipString(text, at) : skipNumberOrWord(text, at, code);
    }
    for (;;) {
      const closer = closers[closers.length - 1];
      if (closer === undefined) return at;
      at = skipSpace(text, at);
      const next = text.charCodeAt(at);
      if (next === COMMA) {
        at = skipSpace(text, at + 1);
        if (closer === CLOSE_BRACE) at = skipName(text, at);
        break;
      }
      if (next !== closer) throw new JsonTextError(at);
      closers.pop();
      at += 1;
    }
  }
}

function skipName(text: string, at: number): number {
  return skipColon(text, skipString(text, at));
}

/** From behind a name to the value: the colon and the white space on both sides of it. */
function skipColon(text: string, nameEnd: number): number {
  const at = skipSpace(text, nameEnd);
  if (text.charCodeAt(at) !== COLON) throw new JsonTextError(at);
  return skipSpace(text, at + 1);
}

function skipString(text: string, start: number): number {
  if (text.charCodeAt(start) !== QUOTE) throw new JsonTextError(start);
  for (let at = start + 1; ; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) return at + 1;
    if (code === BACKSLASH) {
      at += 1;
      const escaped = text.charCodeAt(at);
      if (escaped === LOWER_U) at = skipHexDigits(text, at);
      else if (SIMPLE_ESCAPES[escaped] !== 1) throw new JsonTextError(at);
    } else if (!(code >= SPACE)) {
      // Written so that the NaN behind the end of the text fails, too.
      throw new JsonTextError(at);
    }
  }
}

function skipHexDigits(text: string, at: number): number {
  if (!/^[0-9a-fA-F]{4}$/.test(text.slice(at + 1, at + 5))) throw new JsonTextError(at);
  return at + 4;
}

function skipNumberOrWord(text: string, start: number, code: number): number {
  if (code === MINUS || isDigit(code)) return skipNumber(text, start);
  const word = WORDS.find((candidate) => text.startsWith(candidate, start));
  if (word === undefined) throw new JsonTextError(start);
  return start + word.length;
}

function skipNumber(text: string, start: number): number {
  let at = text.charCodeAt(start) === MINUS ? start + 1 : start;
  at = text.charCodeAt(at) === ZERO ? at + 1 : skipDigits(text, at);
  if (text.charCodeAt(at) === POINT) at = skipDigits(text, at + 1);
  // Bit 0x20 is all that tells "E" from "e".
  if ((text.charCodeAt(at) | 0x20) === LOWER_E) {
    const sign = text.charCodeAt(at + 1);
    at = skipDigits(text, sign === PLUS || sign === MINUS ? at + 2 : at + 1);
  }
  return at;
}

function skipDigits(text: string, start: number): number {
  let at = start;
  while (isDigit(text.charCodeAt(at))) at += 1;
  if (at === start) throw new JsonTextError(at);
  return at;
}

function isDigit(code: number): boolean {
  return code >= ZERO && code < ZERO + 10;
}

/** The end of the white space that begins at `start`. */
export function skipSpace(text: string, start: number): number {
  let at = start;
  for (;;) {
    const code = text.charCodeAt(at);
    if (code !== SPACE && code !== LINE_FEED && code !== CARRIAGE_RETURN && code !== TAB) return at;
    at += 1;
  }
}

function decodeName(text: string, nameAt: number, nameEnd: number): string {
  const name = text.slice(nameAt + 1, nameEnd - 1);
  return name.includes("\\") ? (JSON.parse(text.slice(nameAt, nameEnd)) as string) : name;
}

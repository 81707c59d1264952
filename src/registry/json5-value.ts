import { BYTE_ORDER_MARK } from "./byte-text.ts";
import { type Converted, convertName, convertScalar, type Failed } from "./json5-scalar.ts";

/**
 * Turns the JSON5 value that begins at `start` into JSON: comments and last commas go, names and strings get double quotes,
 * numbers that JSON can spell keep their digits. `Infinity` and `NaN` become `null`, as when the gateway writes them.
 * Iterative, so that deep nesting cannot exhaust the stack. More strict than JSON5 in that strings may hold no control
 * characters but tabs, and unquoted names no escapes: in a file that is broken anyway, those are damage.
 *
 * @param text byte text
 */
export function convertJson5(text: string, start: number): Converted | Failed {
  const json: string[] = [];
  /** The closing character of each container that is still open. */
  const closers: string[] = [];
  let at = start;
  /** False when it failed, and then `at` is where. */
  const take = (converted: Converted | Failed) => {
    at = "failedAt" in converted ? converted.failedAt : converted.end;
    if ("json" in converted) json.push(converted.json);
    return "json" in converted;
  };
  const takeSpace = () => take(convertSpace(text, at));
  for (;;) {
    const closer = text[at] === "{" ? "}" : text[at] === "[" ? "]" : undefined;
    if (closer === undefined) {
      if (!take(convertScalar(text, at))) return { failedAt: at };
    } else {
      json.push(text[at] as string);
      closers.push(closer);
      at += 1;
    }
    // Behind a value: what closes there, then the comma and, in an object, the next name.
    for (let isFirst = closer !== undefined; ; isFirst = false) {
      const open = closers.at(-1);
      if (open === undefined) return { json: json.join(""), end: at };
      if (!takeSpace()) return { failedAt: at };
      const hasComma = !isFirst && text[at] === ",";
      if (hasComma) {
        const comma = json.length;
        if (!take(sameAt(text, at, ",")) || !takeSpace()) return { failedAt: at };
        if (text[at] === open) json[comma] = "";
      }
      if (text[at] === open) {
        take(sameAt(text, at, open));
        closers.pop();
        continue;
      }
      if (!isFirst && !hasComma) return { failedAt: at };
      if (open === "]") break;
      if (take(convertName(text, at)) && takeSpace() && take(sameAt(text, at, ":")) && takeSpace()) break;
      return { failedAt: at };
    }
  }
}

/** Behind white space and comments; undefined when a comment isn't closed. */
export function skipJson5Space(text: string, start: number): number | undefined {
  let at = start;
  for (;;) {
    const code = text.charCodeAt(at);
    if (code === 0x20 || (code >= 0x09 && code <= 0x0d)) at += 1;
    else if (code === 0x2f && text[at + 1] === "/") at = endOfLine(text, at);
    else if (code === 0x2f && text[at + 1] === "*") {
      const end = text.indexOf("*/", at + 2);
      if (end < 0) return undefined;
      at = end + 2;
    } else {
      const wide = code >= 0x80 ? WIDE_SPACES.find((space) => text.startsWith(space, at)) : undefined;
      if (wide === undefined) return at;
      at += wide.length;
    }
  }
}

/** In UTF-8: the space that doesn't break, the mark of byte order, the two separators. */
const WIDE_SPACES = ["\xc2\xa0", BYTE_ORDER_MARK, "\xe2\x80\xa8", "\xe2\x80\xa9"];

/** The separators beyond ASCII end a line, too. */
function endOfLine(text: string, start: number): number {
  let at = start;
  while (at < text.length && text[at] !== "\n" && text[at] !== "\r") {
    if (text[at] === "\xe2" && WIDE_SPACES.some((space) => space.startsWith("\xe2") && text.startsWith(space, at)))
      break;
    at += 1;
  }
  return at;
}

function convertSpace(text: string, at: number): Converted | Failed {
  const end = skipJson5Space(text, at);
  if (end === undefined) return { failedAt: text.length };
  const space = text.slice(at, end);
  return { json: /^[ \t\r\n]*$/.test(space) ? space : " ", end };
}

function sameAt(text: string, at: number, character: string): Converted | Failed {
  return text[at] === character ? { json: character, end: at + 1 } : { failedAt: at };
}

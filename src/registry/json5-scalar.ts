/** A value or a name as JSON, and where it ended in the JSON5 text. */
export type Converted = { json: string; end: number };

/** The text is no JSON5, or breaks off there. */
export type Failed = { failedAt: number };

/** The string, number or word of JSON5 that begins at `at` of a byte text, as JSON. */
export function convertScalar(text: string, at: number): Converted | Failed {
  if (isQuote(text[at])) return convertString(text, at);
  const token = matchAt(HEXADECIMAL, text, at) ?? matchAt(DECIMAL, text, at) ?? matchAt(WORD, text, at);
  if (token === undefined || /[\w$.]/.test(text[at + token.length] ?? "")) return { failedAt: at };
  const json = tokenToJson(token);
  return json === undefined ? { failedAt: at } : { json, end: at + token.length };
}

/** The name of a member that begins at `at`, as a JSON string. */
export function convertName(text: string, at: number): Converted | Failed {
  if (isQuote(text[at])) return convertString(text, at);
  const name = matchAt(NAME, text, at);
  return name === undefined ? { failedAt: at } : { json: `"${name}"`, end: at + name.length };
}

/** Of what is beyond ASCII, anything but white space. */
const NAME = /(?!\d)(?:[\w$]|(?!\xc2\xa0|\xef\xbb\xbf|\xe2\x80[\xa8\xa9])[\x80-\xff])+/y;
const HEXADECIMAL = /[+-]?0[xX][0-9a-fA-F]{1,256}/y;
const DECIMAL = /[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y;
const WORD = /[+-]?(?:Infinity|NaN)|true|false|null/y;

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

function tokenToJson(token: string): string | undefined {
  if (/Infinity|NaN/.test(token)) return "null";
  const minus = token.startsWith("-") ? "-" : "";
  const plain = token.replace(/^[+-]/, "");
  if (/^0x/i.test(plain)) return minus + BigInt(plain).toString();
  if (/^0\d/.test(plain)) return undefined;
  return minus + plain.replace(/^\./, "0.").replace(/\.(?!\d)/, "");
}

function isQuote(character: string | undefined): boolean {
  return character === '"' || character === "'";
}

function convertString(text: string, start: number): Converted | Failed {
  const quote = text[start];
  const json = ['"'];
  let copied = start + 1;
  for (let at = copied; ; at += 1) {
    const code = text.charCodeAt(at);
    const character = text[at];
    let replaced: Converted;
    if (character === quote) {
      json.push(text.slice(copied, at), '"');
      return { json: json.join(""), end: at + 1 };
    }
    if (character === "\\") {
      const escaped = convertEscape(text, at);
      if (escaped === undefined) return { failedAt: at };
      replaced = escaped;
    } else if (character === '"') replaced = { json: '\\"', end: at + 1 };
    else if (character === "\t") replaced = { json: "\\t", end: at + 1 };
    // Written so that the NaN behind the end of the text fails, too.
    else if (code >= 0x20) continue;
    else return { failedAt: at };
    json.push(text.slice(copied, at), replaced.json);
    copied = replaced.end;
    at = copied - 1;
  }
}

/** What begins with the backslash at `at`: another spelling, or a line that goes on. */
function convertEscape(text: string, at: number): Converted | undefined {
  const same = matchAt(/\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y, text, at);
  if (same !== undefined) return { json: same, end: at + same.length };
  const wrapped = matchAt(/\\(?:\r\n|\n|\r|\xe2\x80[\xa8\xa9])/y, text, at);
  if (wrapped !== undefined) return { json: "", end: at + wrapped.length };
  const hexadecimal = matchAt(/\\x[0-9a-fA-F]{2}/y, text, at);
  if (hexadecimal !== undefined) return { json: `\\u00${hexadecimal.slice(2)}`, end: at + 4 };
  if (text[at + 1] === "v") return { json: "\\u000b", end: at + 2 };
  if (text[at + 1] === "0" && !/\d/.test(text[at + 2] ?? "")) return { json: "\\u0000", end: at + 2 };
  // Any other character stands for itself; neither digits nor what is no character do.
  const code = text.charCodeAt(at + 1);
  if (!(code >= 0x20) || /[\dxu]/.test(text[at + 1] as string)) return undefined;
  return { json: text[at + 1] as string, end: at + 2 };
}

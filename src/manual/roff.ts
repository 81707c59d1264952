/** A text in the language of manual pages: nothing in it means anything to the formatter. A hyphen of ours can be copied. */
export function roff(text: string): string {
  const plain = text.replace(/[\\'`-]/g, (sign) => SIGNS[sign] ?? sign);
  return plain.replace(/^(?=\.)/gm, "\\&").replace(NOT_ASCII, (sign) => `\\[u${codeOf(sign)}]`);
}

export function bold(text: string): string {
  return `\\fB${roff(text)}\\fR`;
}

export function italic(text: string): string {
  return `\\fI${roff(text)}\\fR`;
}

/** A text with the words before it that it explains, indented below them. */
export function tagged(tag: string, text: string): string[] {
  return [".TP", tag, roff(text)];
}

/** Lines that stay as they are. */
export function verbatim(lines: readonly string[]): string[] {
  return [".PP", ".nf", ".RS 4", ...lines.map(roff), ".RE", ".fi"];
}

/** What the formatter would make typographer's signs of. */
const SIGNS: Record<string, string> = { "\\": "\\e", "-": "\\-", "'": "\\(aq", "`": "\\(ga" };

const NOT_ASCII = /[\u{80}-\u{10ffff}]/gu;

function codeOf(sign: string): string {
  return (sign.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
}

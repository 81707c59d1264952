const MARK = "…";
const MARK_BYTES = 3;
const ONE_HALF = /\p{Surrogate}/gu;
/** The control characters for which JSON has an escape of two characters. */
const SHORT_ESCAPES = new Set(["\b", "\t", "\n", "\f", "\r", '"', "\\"]);

/** Bytes that a text takes within JSON, escapes included and the quotes around it not. */
export function encodedBytes(text: string): number {
  return Buffer.byteLength(JSON.stringify(text)) - 2;
}

/** A text as long as fits into so many encoded bytes: cut between two characters, with a mark where something is left out. */
export function cutToFit(text: string, roomBytes: number): string {
  if (text.length <= roomBytes && encodedBytes(text) <= roomBytes) return text;
  if (roomBytes < MARK_BYTES) return "";
  let [end, bytes] = [0, MARK_BYTES];
  for (const character of text) {
    bytes += bytesOf(character);
    if (bytes > roomBytes) break;
    end += character.length;
  }
  return `${text.slice(0, end)}${MARK}`;
}

/** The text with the sign for a lost character wherever half of one stands alone: some programs refuse the whole otherwise. */
export function wellFormed(text: string): string {
  return text.replace(ONE_HALF, "\ufffd");
}

function bytesOf(character: string): number {
  if (SHORT_ESCAPES.has(character)) return 2;
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20 || (code >= 0xd800 && code <= 0xdfff)) return 6;
  return code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
}

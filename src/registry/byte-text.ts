import { isUtf8 } from "node:buffer";

/**
 * The bytes of a file as text with one character for each byte: places in it are places in the file, however broken its UTF-8
 * is, and what makes up JSON stands out all the same. `fromByteText` turns parts of it into real text.
 */
export function toByteText(bytes: Buffer): string {
  return bytes.toString("latin1");
}

/** Real text, and whether bytes that are no UTF-8 had to be replaced in it, as the gateway does when it reads. */
export function fromByteText(byteText: string): { text: string; isReplaced: boolean } {
  // Nearly all is ASCII, and then a part of a large text costs no copy.
  if (!BEYOND_ASCII.test(byteText)) return { text: byteText, isReplaced: false };
  const bytes = Buffer.from(byteText, "latin1");
  return { text: bytes.toString("utf8"), isReplaced: !isUtf8(bytes) };
}

/** The mark that some editors put at the start of a file, as it stands in byte text. */
export const BYTE_ORDER_MARK = "\xef\xbb\xbf";

/** Where the text ends when the NULs behind it are left out: blocks that a power cut left unwritten. */
export function endBeforeNuls(byteText: string): number {
  let end = byteText.length;
  while (end > 0 && byteText.charCodeAt(end - 1) === 0) end -= 1;
  return end;
}

const BEYOND_ASCII = /[\x80-\xff]/;

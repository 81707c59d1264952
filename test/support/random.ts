/** The same seed gives the same sequence: transcripts of a failing test can be made again. */
export type Random = ReturnType<typeof seededRandom>;

export function seededRandom(seed: number) {
  let state = seed >>> 0;
  /** 0 inclusive to 1 exclusive (mulberry32) */
  const fraction = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  /** both ends inclusive */
  const integer = (min: number, max: number) => min + Math.floor(fraction() * (max - min + 1));
  /** many small, few large, as sizes of messages and files are */
  const size = (min: number, max: number) => Math.round(min * (Math.max(max, min) / min) ** fraction());
  const chance = (share: number) => fraction() < share;
  const pick = <T>(from: readonly T[]) => from[integer(0, from.length - 1)] as T;
  const letters = (length: number, alphabet = base62) =>
    Array.from({ length }, () => alphabet[integer(0, alphabet.length - 1)]).join("");
  const hex = (length: number) => letters(length, "0123456789abcdef");
  const uuid = () => `${hex(8)}-${hex(4)}-4${hex(3)}-${pick(["8", "9", "a", "b"])}${hex(3)}-${hex(12)}`;
  return { fraction, integer, size, chance, pick, letters, hex, uuid };
}

const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** Text, code and base64 to cut pieces from, since making each piece anew would take minutes for hundreds of MB. */
export function textSource(random: Random, transcriptBytes: number) {
  const syllables = Array.from({ length: 60 }, () => random.letters(random.integer(2, 3), "aeioulnrstdkmpg"));
  const words = Array.from({ length: 4000 }, () =>
    Array.from({ length: random.integer(1, 4) }, () => random.pick(syllables)).join(""),
  );
  // a few words make up most of a text
  const word = () => words[Math.floor(words.length * random.fraction() ** 3)] as string;
  const marks = [
    " ",
    " ",
    " ",
    " ",
    " ",
    ", ",
    ". ",
    "(",
    ") ",
    " = ",
    '"',
    '"',
    ".",
    ": ",
    ";\n  ",
    "\n",
    "\n",
    "\n  17→\t", // Claude Code numbers the lines of a file that it read like this
    "\n    ",
    " => ",
  ];
  const listing: string[] = [];
  const listingBytes = Math.min(1_000_000, Math.max(50_000, transcriptBytes));
  for (let length = 0; length < listingBytes; length += listing[listing.length - 1]?.length ?? 0) {
    listing.push(random.chance(0.04) ? String(random.integer(0, 99_999)) : word(), random.pick(marks));
  }
  const code = listing.join("");
  const noise = new Uint32Array(Math.ceil(Math.min(transcriptBytes / 8, 8_000_000) / 4) + 16);
  for (let at = 0; at < noise.length; at++) noise[at] = random.fraction() * 2 ** 32;
  const base64 = Buffer.from(noise.buffer).toString("base64").replaceAll("=", "");
  const cut = (from: string, length: number) => {
    const start = random.integer(0, Math.max(0, from.length - length));
    return from.slice(start, start + length);
  };
  return {
    /** plain words without anything that JSON escapes: as many bytes in the file as asked for */
    plain: (length: number) => {
      let text = "";
      while (text.length < length) text += `${word()} `;
      return text.slice(0, length);
    },
    /** what people write: not only ASCII */
    prose: (length: number) => {
      let text = word();
      while (text.length < length) text += ` ${random.chance(0.03) ? random.pick(foreignWords) : word()}`;
      return text;
    },
    /** code and tool output, at most 50 KB in one piece */
    code: (length: number) => cut(code, length),
    base64: (length: number) => cut(base64, length),
  };
}

export type TextSource = ReturnType<typeof textSource>;

const foreignWords = [
  "Größe",
  "naïve",
  "日本語",
  "🙂",
  "don’t",
  "—",
  "señor",
  "Привет",
  "a\tb",
  'say "yes"',
  "C:\\tmp",
];

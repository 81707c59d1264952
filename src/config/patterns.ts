const longestPattern = 500;

/**
 * Why a regular expression of the configuration cannot be used; undefined when it can.
 *
 * A log is matched line by line without a time limit, so a pattern that takes exponential time would hang a cron run.
 * Refused: more than 500 characters; a match on nothing at all; a repeated group that can take the same text in several
 * ways, such as `(a+)+`, `(a|a)*`, `(a|ab|b)+` or `(a?){9}`, each turn of which doubles the time; and so many repetitions in
 * a row that can share a run of one character, such as `\d+\d*`, that they take cubic time or more: the place where the
 * match begins counts as one, unless a fixed word stands before. What remains takes at most the square of a line's length,
 * as `\w+x` does, unless the line repeats several words of the pattern. It is a check of form: what stands ahead, behind or
 * at a border of words is not looked at, and so a few harmless patterns are refused.
 */
export function refusePattern(pattern: string): string | undefined {
  if (pattern.length > longestPattern) return `expected a pattern of at most ${longestPattern} characters`;
  try {
    // `.*` or an empty entry under `ignore` would silence every line.
    if (new RegExp(pattern).test("")) return "expected a pattern that does not match every line";
  } catch {
    return "expected a valid regular expression";
  }
  const root = parse(pattern);
  const alphabet = alphabetOf(pattern, root);
  const repeated = nodesOf(root).flatMap((node) => (node.type === "repeat" && node.max > 1 ? [node.of] : []));
  if (repeated.some((body) => body.type !== "character" && isAmbiguous(body, alphabet)))
    return "expected a pattern without a repeated group that can take the same text in several ways, such as (a+)+ or (a|a)*";
  if (alphabet.some((character) => searchBits(root, character) > mostBits))
    return "expected a pattern without repetitions in a row that can take the same characters, such as \\d+\\d*, unless a fixed word or ^ stands before two of them";
  return undefined;
}

type Node =
  | { type: "character"; matches: (character: string) => boolean }
  | { type: "sequence" | "choice"; of: Node[] }
  | { type: "repeat"; of: Node; min: number; max: number }
  /** `^`, `$`, `\b`, or what stands ahead or behind */
  | { type: "assertion"; isStart: boolean; of: Node[] }
  | { type: "reference" };

/** An escape, a character class, the head of a group, its end, or any other character. */
const TOKEN =
  /\\(?:x[\da-fA-F]{2}|u[\da-fA-F]{4}|c[a-zA-Z]|k<[^>]*>|[1-9]\d*|[0-7]{1,3}|.)|\[(?:\\.|[^\]\\])*\]|\((?:\?(?:<?[=!]|[a-z-]*:|<[^>]*>))?|\)|./gs;
const QUANTIFIER = /([*+?]|\{(\d+)(?:(,)(\d*))?\})\??/y;

/** @param pattern one that compiles */
function parse(pattern: string): Node {
  const tokens = new RegExp(TOKEN);
  const flags = /\(\?[a-z]*i/.test(pattern) ? "i" : "";

  const choice = (): Node => {
    const sequences: Node[][] = [[]];
    for (let match = tokens.exec(pattern); match !== null && match[0] !== ")"; match = tokens.exec(pattern)) {
      if (match[0] === "|") sequences.push([]);
      else sequences.at(-1)?.push(quantified(atom(match[0])));
    }
    return { type: "choice", of: sequences.map((of) => ({ type: "sequence", of })) };
  };

  const atom = (text: string): Node => {
    if (/^\(\?<?[=!]/.test(text)) return { type: "assertion", isStart: false, of: [choice()] };
    if (text.startsWith("(")) return choice();
    if (/^(?:[$^]|\\b)$/i.test(text)) return { type: "assertion", isStart: text === "^", of: [] };
    if (/^\\(?:[1-9]|k<)/.test(text)) return { type: "reference" };
    const single = new RegExp(`^(?:${text})$`, flags);
    return { type: "character", matches: (character) => single.test(character) };
  };

  const quantified = (of: Node): Node => {
    QUANTIFIER.lastIndex = tokens.lastIndex;
    const [text, sign = "", least, comma, most] = QUANTIFIER.exec(pattern) ?? [];
    if (text === undefined) return of;
    tokens.lastIndex = QUANTIFIER.lastIndex;
    if (least === undefined) return { type: "repeat", of, min: sign === "+" ? 1 : 0, max: sign === "?" ? 1 : Infinity };
    return { type: "repeat", of, min: Number(least), max: Number((comma ? most : least) || Infinity) };
  };

  return choice();
}

/** One character of each kind that the pattern can tell apart: such a kind begins where a class begins, or after its end. */
function alphabetOf(pattern: string, root: Node): string[] {
  const escaped = [...pattern.matchAll(/\\(?:x|u)([\da-fA-F]+)/g)].map(([, code = ""]) => Number.parseInt(code, 16));
  const spaces = [0x1680, 0x2000, 0x200a, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000, 0xfeff];
  const codes = [...escaped, ...spaces, ...Array.from(pattern, (_, at) => pattern.charCodeAt(at))];
  const latin = Array.from({ length: 256 }, (_, code) => code);
  const classes = nodesOf(root).flatMap((node) => (node.type === "character" ? [node.matches] : []));
  const kinds = new Map<string, string>();
  for (const code of new Set([...latin, ...codes.flatMap((one) => [one, one + 1])])) {
    const character = String.fromCharCode(code);
    kinds.set(classes.map((matches) => (matches(character) ? "1" : "0")).join(""), character);
  }
  return [...kinds.values()];
}

function nodesOf(node: Node): Node[] {
  return [node, ...partsOf(node).flatMap(nodesOf)];
}

function partsOf(node: Node): Node[] {
  if (node.type === "repeat") return [node.of];
  return "of" in node ? node.of : [];
}

/** How many ways there are to match nothing; 2 stands for any more. */
function emptyWays(node: Node): number {
  if (node.type === "character") return 0;
  if (node.type === "sequence") return node.of.reduce((ways, part) => Math.min(2, ways * emptyWays(part)), 1);
  if (node.type === "choice") return node.of.reduce((ways, part) => Math.min(2, ways + emptyWays(part)), 0);
  if (node.type !== "repeat") return 1;
  const ways = node.max === 0 ? 0 : emptyWays(node.of);
  return ways > 0 && node.max > 1 ? 2 : Math.min(2, ways + (node.min === 0 ? 1 : 0));
}

const largestGroup = 1000;
const mostPairs = 50_000;

/** Can the body of a repeated group, over and over, take the same text in several ways? */
function isAmbiguous(body: Node, alphabet: readonly string[]): boolean {
  if (emptyWays(body) > 0 || nodesOf(body).some((node) => node.type === "reference" || emptyWays(node) > 1))
    return true;
  const states = sizeOf(body) > largestGroup ? undefined : statesOf(body, alphabet);
  if (!states) return true;
  const { takes, next } = states;
  // Two ways that part at some character, and meet again later on.
  const seen = new Set<number>();
  const pairs: [number, number][] = [];
  const visit = (one: number, other: number) => {
    const key = Math.min(one, other) * takes.length + Math.max(one, other);
    const share = (takes[one] ?? 0n) & (takes[other] ?? 0n);
    if (seen.has(key) || share === 0n) return;
    seen.add(key);
    pairs.push([one, other]);
  };
  for (const after of next) {
    for (const one of after) for (const other of after) if (one < other) visit(one, other);
    for (let pair = pairs.pop(); pair !== undefined; pair = pairs.pop()) {
      if (seen.size > mostPairs) return true;
      const [ones, others] = [next[pair[0]] ?? new Set<number>(), next[pair[1]] ?? new Set<number>()];
      for (const one of ones) {
        if (others.has(one)) return true;
        for (const other of others) visit(one, other);
      }
    }
  }
  return false;
}

/** How many characters a group has when its repetitions are written out. */
function sizeOf(node: Node): number {
  if (node.type === "character") return 1;
  const size = partsOf(node).reduce((sum, part) => sum + sizeOf(part), 0);
  return node.type === "repeat" ? size * copiesOf(node) : size;
}

const copiesOf = ({ min, max }: { min: number; max: number }) => (max === Infinity ? Math.max(1, min) : max);

/**
 * A repeated body as an automaton with a state for each of its characters: what it takes (a bit for each character of the
 * alphabet), and which may come next, in this turn or the next one. Undefined where one may come next for two reasons.
 */
function statesOf(body: Node, alphabet: readonly string[]): { takes: bigint[]; next: Set<number>[] } | undefined {
  const takes: bigint[] = [];
  const next: Set<number>[] = [];
  let isTwice = false;
  type Part = { canBeEmpty: boolean; first: number[]; last: number[] };
  const join = (from: Part, to: Part) => {
    for (const one of from.last) {
      for (const other of to.first) {
        isTwice ||= next[one]?.has(other) ?? false;
        next[one]?.add(other);
      }
    }
  };
  const follow = (before: Part, part: Part): Part => {
    join(before, part);
    return {
      canBeEmpty: before.canBeEmpty && part.canBeEmpty,
      first: before.canBeEmpty ? [...before.first, ...part.first] : before.first,
      last: part.canBeEmpty ? [...before.last, ...part.last] : part.last,
    };
  };
  const build = (node: Node): Part => {
    if (node.type === "character") {
      const bits = alphabet.map((character) => (node.matches(character) ? "1" : "0")).join("");
      const state = takes.push(BigInt(`0b${bits}`)) - 1;
      next.push(new Set());
      return { canBeEmpty: false, first: [state], last: [state] };
    }
    const copies = node.type === "repeat" ? copiesOf(node) : 0;
    if (node.type === "repeat" && copies > 0) {
      const parts = Array.from({ length: copies }, () => build(node.of));
      for (const [turn, part] of parts.entries()) {
        const after = parts[turn + 1] ?? (node.max === Infinity ? part : undefined);
        if (after) join(part, after);
      }
      const first = parts[0]?.first ?? [];
      const canBeEmpty = node.min === 0 || parts[0]?.canBeEmpty === true;
      return { canBeEmpty, first, last: parts.slice(Math.max(1, node.min) - 1).flatMap(({ last }) => last) };
    }
    if (node.type === "choice") {
      const parts = node.of.map(build);
      const [first, last] = [parts.flatMap((part) => part.first), parts.flatMap((part) => part.last)];
      return { canBeEmpty: parts.some((part) => part.canBeEmpty), first, last };
    }
    const nothing = { canBeEmpty: true, first: [], last: [] };
    return node.type === "sequence" ? node.of.map(build).reduce(follow, nothing) : nothing;
  };
  const whole = build(body);
  join(whole, whole);
  return isTwice ? undefined : { takes, next };
}

/** The size of what a pattern may have to try, as a power of two: more takes minutes for a single line. */
const mostBits = 30;
/** A repetition without end on 8 Ki characters of a line, and the search for the place where the match begins. */
const endlessBits = 13;

/** On a run of one character, what there is to try (in bits): in all of a node, from its beginning, up to its end, within. */
type Bits = { all: number; beginning: number; end: number; within: number };

const NOTHING: Bits = { all: 0, beginning: 0, end: 0, within: 0 };
/** It cannot go on here with this character. */
const STOP: Bits = { ...NOTHING, all: -Infinity };

function searchBits(root: Node, character: string): number {
  return chain(repetition(endlessBits), bitsOf(root, character)).within;
}

function bitsOf(node: Node, character: string): Bits {
  const parts = partsOf(node).map((part) => bitsOf(part, character));
  switch (node.type) {
    case "character":
      return node.matches(character) ? NOTHING : STOP;
    case "reference":
      return NOTHING;
    case "sequence":
      return parts.reduce(chain, NOTHING);
    case "choice": {
      const ways = parts.filter(({ all }) => all >= 0).length;
      const bits = parts.reduce(either, STOP);
      return { ...bits, all: bits.all + Math.log2(Math.max(1, ways)) };
    }
    case "assertion":
      return { ...parts.reduce(chain, NOTHING), all: node.isStart ? -Infinity : 0, end: 0 };
    case "repeat": {
      const body = parts.reduce(chain, NOTHING);
      const turns = Math.min(endlessBits, Math.log2(node.max - node.min + 1));
      if (body.all >= 0) return chain(chain(node.max > 1 ? body : NOTHING, repetition(turns)), body);
      return either(node.max > 1 ? chain(body, body) : body, node.min === 0 ? NOTHING : STOP);
    }
  }
}

const repetition = (bits: number): Bits => ({ all: bits, beginning: bits, end: bits, within: bits });

const chain = (before: Bits, after: Bits): Bits => ({
  all: before.all + after.all,
  beginning: Math.max(before.beginning, before.all + after.beginning),
  end: Math.max(after.end, after.all + before.end),
  within: Math.max(before.within, after.within, before.end + after.beginning),
});

const either = (one: Bits, other: Bits): Bits => ({
  all: Math.max(one.all, other.all),
  beginning: Math.max(one.beginning, other.beginning),
  end: Math.max(one.end, other.end),
  within: Math.max(one.within, other.within),
});

import { KeeperError } from "../errors.ts";

const BEGIN = "# >>> session-keeper >>>";
const END = "# <<< session-keeper <<<";
const NOTE = ' kept by "session-keeper setup cron": what is between the marks is replaced, all else stays';

/**
 * A crontab with our block in it: in its place where it has one, else at the end. Every other byte stays. Pure.
 *
 * @throws KeeperError when the marks are damaged
 */
export function withBlock(crontab: string, lines: readonly string[]): string {
  const { before, after } = splitAtBlock(crontab);
  const gap = before === "" || before.endsWith("\n") ? "" : "\n";
  return `${before}${gap}${blockOf(lines)}${after}`;
}

/** The block as it stands in a crontab, with its marks. Pure. */
export function blockOf(lines: readonly string[]): string {
  return `${[`${BEGIN}${NOTE}`, ...lines, END].join("\n")}\n`;
}

/** A crontab without our block. Every other byte stays. Pure. @throws KeeperError when the marks are damaged */
export function withoutBlock(crontab: string): string {
  const { before, after } = splitAtBlock(crontab);
  return before + after;
}

type Parts = { before: string; block: string; after: string };

/** A crontab before our block, the block, and after it; all of it before, where there is none. Pure. @throws KeeperError when the marks are damaged */
export function splitAtBlock(crontab: string): Parts {
  const lines = crontab.split(/(?<=\n)/);
  const begins = lines.flatMap((line, at) => (line.startsWith(BEGIN) ? [at] : []));
  const ends = lines.flatMap((line, at) => (line.startsWith(END) ? [at] : []));
  if (begins.length === 0 && ends.length === 0) return { before: crontab, block: "", after: "" };
  const [begin = 0, end = 0] = [begins[0], ends[0]];
  if (begins.length !== 1 || ends.length !== 1 || end < begin) {
    const where = [...begins, ...ends].map((at) => at + 1).sort((a, b) => a - b);
    throw new KeeperError(
      "failed",
      `the marks of session-keeper in the crontab are damaged: one should begin its lines and one end them, and they stand in line ${where.join(", ")}`,
      "the crontab was left as it is; take the marks and what is ours between them out by hand: crontab -e",
    );
  }
  const part = (from: number, to?: number) => lines.slice(from, to).join("");
  return { before: part(0, begin), block: part(begin, end + 1), after: part(end + 1) };
}

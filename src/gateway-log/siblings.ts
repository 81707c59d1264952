import { lstatSync, readdirSync, type Stats } from "node:fs";
import { basename, dirname, join, parse } from "node:path";

/** A file beside a log that may be an older part of it. */
export type Sibling = {
  path: string;
  stats: Stats;
  isGzip: boolean;
  /** Its name is the log's own with a number, a date or `old`: not merely another log with a similar name. */
  isGeneration: boolean;
};

/**
 * The regular files in a log's folder whose names begin like the log's (`x.log.1`, `x.log-20261120`, `x.1.log`, any of them
 * also with `.gz`), the last written first. Links are left out: in a shared folder they could lead anywhere.
 */
export async function listSiblings(path: string): Promise<Sibling[]> {
  const own = basename(path);
  const { name: stem } = parse(own);
  const names = namesIn(dirname(path));
  const siblings: Sibling[] = [];
  for (const name of names) {
    // A gzip file that is still being made has its original beside it.
    const isGzip = name.endsWith(".gz");
    if (!name.startsWith(stem) || name === own || (isGzip && names.includes(name.slice(0, -3)))) continue;
    const candidate = join(dirname(path), name);
    const stats = statsOf(candidate);
    if (stats?.isFile()) siblings.push({ path: candidate, stats, isGzip, isGeneration: isGenerationOf(own, name) });
  }
  return siblings.sort((a, b) => b.stats.mtimeMs - a.stats.mtimeMs);
}

function statsOf(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch {
    return undefined;
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // not readable for us: then nothing older can be told
  }
}

const NUMBER_OR_DATE = /^(?:[._-](?:\d[\dTZ:_-]*|old|bak|prev|previous))+$/i;
// Between stem and extension a bare number after a dash may as well be the log of a second gateway.
const INNER_NUMBER_OR_DATE = /^(?:\.\d{1,4}|[._-]\d{4}-?\d\d-?\d\d[\dTZ:._-]*)+$/;

function isGenerationOf(own: string, name: string): boolean {
  const plain = name.endsWith(".gz") ? name.slice(0, -3) : name;
  if (plain.startsWith(own)) return plain === own || NUMBER_OR_DATE.test(plain.slice(own.length));
  const { name: stem, ext } = parse(own);
  return plain.endsWith(ext) && INNER_NUMBER_OR_DATE.test(plain.slice(stem.length, plain.length - ext.length));
}

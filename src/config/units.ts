import bytes from "bytes-iec";
import { KeeperError } from "../errors.ts";

/** A kind of number that is written with its unit: how it is spelt, and what one of each unit is worth. */
export type Quantity = {
  /** Completes the sentence "expected …". */
  expected: string;
  /** First group the number, second the unit. Without flags, so that its source can stand in a JSON Schema. */
  shape: RegExp;
  /** Every unit, for people. */
  unitNames: string;
  /** Units for writing a value back, largest first. */
  units: readonly string[];
  /** What one unit is worth in bytes, milliseconds or tokens. */
  worth: (unit: string) => number;
};

const durationWorth: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const tokensWorth: Record<string, number> = { k: 1000, M: 1_000_000 };

export const size: Quantity = {
  expected: 'a size such as "2MB" or "512KiB"',
  shape: /^(\d+(?:\.\d+)?) ?((?:[KMGTkmgt][Ii]?)?[Bb])$/,
  unitNames: "B, KB, MB, GB, TB (powers of 1000), KiB, MiB, GiB, TiB (powers of 1024)",
  units: ["TB", "GB", "MB", "KB", "B"],
  worth: (unit) => bytes.parse(`1${unit}`) ?? Number.NaN,
};

/** Lower case only: `5M` could be minutes or months. */
export const duration: Quantity = {
  expected: 'a duration such as "30s", "5m", "6h" or "5d"',
  shape: /^(\d+(?:\.\d+)?) ?([smhd])$/,
  unitNames: "s, m, h, d",
  units: ["d", "h", "m", "s"],
  worth: (unit) => durationWorth[unit] ?? Number.NaN,
};

export const tokens: Quantity = {
  expected: 'a token count such as "150k"',
  shape: /^(\d+(?:\.\d+)?) ?([kM])$/,
  unitNames: "k (1000), M (1000000)",
  units: ["M", "k"],
  worth: (unit) => tokensWorth[unit] ?? Number.NaN,
};

/** The value in bytes, milliseconds or tokens; undefined when the text is not such a quantity, or too large to count exactly. */
export function readQuantity(quantity: Quantity, text: string): number | undefined {
  const [, number, unit] = quantity.shape.exec(text) ?? [];
  if (number === undefined || unit === undefined) return undefined;
  // Rounded, because 2.3 * 1_000_000 falls just short of 2_300_000.
  const value = Math.round(Number(number) * quantity.worth(unit));
  return Number.isSafeInteger(value) ? value : undefined;
}

/** The shortest text that `readQuantity` turns back into `value`. */
export function writeQuantity(quantity: Quantity, value: number): string {
  const smallest = quantity.units.at(-1) ?? "";
  const unit = quantity.units.find((name) => value > 0 && value % quantity.worth(name) === 0) ?? smallest;
  return `${value / quantity.worth(unit)}${unit}`;
}

/**
 * `"2MB"` is 2,000,000 bytes, `"2MiB"` 2,097,152.
 * @param option where the text comes from, such as `--max-size`; opens the error's sentence
 * @throws KeeperError `usage` for a bare number, a negative one or a misspelt unit
 */
export function parseSize(text: string, option?: string): number {
  return parse(size, text, option);
}

/** `"30s"`, `"5m"`, `"6h"`, `"5d"` in milliseconds; not `"1h30m"`. @throws KeeperError `usage`, as `parseSize` */
export function parseDuration(text: string, option?: string): number {
  return parse(duration, text, option);
}

/** `"150k"` is 150,000 tokens. @throws KeeperError `usage`, as `parseSize` */
export function parseTokens(text: string, option?: string): number {
  return parse(tokens, text, option);
}

/** Bytes for people: `3.1 MB`, `124 KB`, `980 B`. Powers of 1000. */
export function formatSize(sizeBytes: number): string {
  let value = sizeBytes;
  let unit = "B";
  for (const next of ["KB", "MB", "GB", "TB"]) {
    // Compared as it will be printed, so that 999,999 reads "1 MB" and not "1000 KB".
    if (Number(value.toFixed(1)) < 1000) break;
    value /= 1000;
    unit = next;
  }
  return `${Number(value.toFixed(1))} ${unit}`;
}

/** Milliseconds for people, by the two largest units that matter: `250ms`, `1.5s`, `5m`, `2h 5m`, `3d 4h`. */
export function formatDuration(durationMs: number): string {
  if (durationMs < 999.5) return `${Math.max(0, Math.round(durationMs))}ms`;
  if (durationMs < 9_950) return `${Number((durationMs / 1000).toFixed(1))}s`;
  const grain = durationMs >= 86_400_000 ? "h" : durationMs >= 3_600_000 ? "m" : "s";
  let rest = Math.round(durationMs / duration.worth(grain)) * duration.worth(grain);
  const parts: string[] = [];
  for (const unit of duration.units) {
    const count = Math.floor(rest / duration.worth(unit));
    rest -= count * duration.worth(unit);
    if (count > 0) parts.push(`${count}${unit}`);
  }
  return parts.join(" ");
}

/** A value as an error may show it: one line, quoted, shortened. */
export function quoteValue(value: string): string {
  return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
}

function parse(quantity: Quantity, text: string, option: string | undefined): number {
  const value = readQuantity(quantity, text);
  if (value !== undefined) return value;
  throw new KeeperError(
    "usage",
    `${option === undefined ? "" : `${option}: `}expected ${quantity.expected}, got ${quoteValue(text)}`,
    `nothing was changed; write a number and its unit: ${quantity.unitNames}`,
  );
}

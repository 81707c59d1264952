import { assert, integer, property, string } from "fast-check";
import { expect, test } from "vitest";
import {
  duration,
  formatDuration,
  formatSize,
  parseDuration,
  parseSize,
  parseTokens,
  readQuantity,
  size,
  tokens,
  writeQuantity,
} from "../../src/config/units.ts";
import { KeeperError } from "../../src/errors.ts";

test.for([
  ["2MB", 2_000_000],
  ["2MiB", 2_097_152],
  ["512KiB", 524_288],
  ["500KB", 500_000],
  ["500kB", 500_000],
  ["2mb", 2_000_000],
  ["2.3MB", 2_300_000],
  ["1.15KB", 1150],
  ["3.1 MB", 3_100_000],
  ["5GB", 5_000_000_000],
  ["1TiB", 1_099_511_627_776],
  ["0B", 0],
] as const)("the size %s is %d bytes", ([text, sizeBytes]) => {
  expect(parseSize(text)).toBe(sizeBytes);
});

test.for([
  ["30s", 30_000],
  ["5m", 300_000],
  ["6h", 21_600_000],
  ["5d", 432_000_000],
  ["1.5h", 5_400_000],
  ["0s", 0],
] as const)("the duration %s is %d ms", ([text, ms]) => {
  expect(parseDuration(text)).toBe(ms);
});

test.for([
  ["150k", 150_000],
  ["0.5k", 500],
  ["1M", 1_000_000],
] as const)("the token count %s is %d", ([text, count]) => {
  expect(parseTokens(text)).toBe(count);
});

const notSizes = ["2", "2000000", "", " ", "MB", "-2MB", "+2MB", "2mbb", "2MBs", "2M", "2K", "2 M B", "2  MB", "2MB "];
const notSizesEither = ["1e3MB", "0x10MB", "2,5MB", ".5MB", "2.MB", "2MB\n", "2 megabytes", "2iB", "9999999999999TB"];

test.for([...notSizes, ...notSizesEither])("%j is no size", (text) => {
  expect(() => parseSize(text)).toThrow(KeeperError);
});

test.for(["30", "", "-5m", "5", "5 minutes", "1h30m", "1h 30m", "5min", "500ms", "5M", "5S", "5w", "5m\n", "1e3s"])(
  "%j is no duration",
  (text) => {
    expect(() => parseDuration(text)).toThrow(KeeperError);
  },
);

test.for(["150", "150000", "-1k", "150kb", "150kk", "150K ", "k", ""])("%j is no token count", (text) => {
  expect(() => parseTokens(text)).toThrow(KeeperError);
});

test("an error says what was expected, what came, and where", () => {
  expect(() => parseSize("2mbb")).toThrow('expected a size such as "2MB" or "512KiB", got "2mbb"');
  expect(() => parseSize("2", "--max-size")).toThrow(/^--max-size: expected a size such as .*, got "2"$/);
  expect(() => parseDuration("5")).toThrow('expected a duration such as "30s", "5m", "6h" or "5d", got "5"');
  expect(() => parseTokens("5")).toThrow('expected a token count such as "150k", got "5"');
  expect(() => parseSize("x".repeat(500))).toThrow(/^.{0,130}$/);
});

test.for([
  [0, "0 B"],
  [980, "980 B"],
  [999, "999 B"],
  [1000, "1 KB"],
  [124_000, "124 KB"],
  [999_949, "999.9 KB"],
  [999_950, "1 MB"],
  [3_104_551, "3.1 MB"],
  [386_000_000, "386 MB"],
  [5_000_000_000, "5 GB"],
  [5_000_000_000_000_000, "5000 TB"],
] as const)("%d bytes read %j", ([sizeBytes, text]) => {
  expect(formatSize(sizeBytes)).toBe(text);
});

test.for([
  [0, "0ms"],
  [250, "250ms"],
  [999.7, "1s"],
  [1000, "1s"],
  [1500, "1.5s"],
  [9_949, "9.9s"],
  [9_960, "10s"],
  [59_400, "59s"],
  [59_600, "1m"],
  [300_000, "5m"],
  [3_599_600, "1h"],
  [7_500_000, "2h 5m"],
  [86_399_000, "1d"],
  [273_600_000, "3d 4h"],
  [432_000_000, "5d"],
] as const)("%d ms read %j", ([ms, text]) => {
  expect(formatDuration(ms)).toBe(text);
});

test.for([size, duration, tokens])("$expected is read back as the value that was written", (quantity) => {
  assert(
    property(integer({ min: 0, max: 2 ** 40 }), (value) => {
      expect(readQuantity(quantity, writeQuantity(quantity, value))).toBe(value);
    }),
  );
});

test("a default is written in its largest whole unit", () => {
  expect(writeQuantity(size, 2_000_000)).toBe("2MB");
  expect(writeQuantity(size, 2_097_152)).toBe("2097152B");
  expect(writeQuantity(duration, 86_400_000)).toBe("1d");
  expect(writeQuantity(tokens, 150_000)).toBe("150k");
});

test("any text is either a whole number of bytes, or refused with an error that says so", () => {
  assert(
    property(string(), (text) => {
      const value = readQuantity(size, text);
      if (value === undefined) expect(() => parseSize(text)).toThrow("expected a size");
      else expect(Number.isSafeInteger(value)).toBe(true);
    }),
  );
});

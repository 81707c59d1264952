import { closeSync, constants, fstatSync, openSync, readFileSync, realpathSync } from "node:fs";
import JSON5 from "json5";
import { describeError, KeeperError } from "../errors.ts";
import { findProblems, keyPath } from "./problems.ts";
import { type Configuration, configurationSchema } from "./schema.ts";
import { checkTrust, type Origin } from "./trust.ts";

type Source = Origin & { file: string; content: unknown };

/** A configuration is some kilobytes; a log or a transcript named by mistake is not read. */
const largestBytes = 1_000_000;

/**
 * Reads, checks and merges the configuration files, later ones over earlier ones: objects key by key, all else whole.
 * This module brings the JSON5 reader and the validator with it: load it only when there is a file.
 *
 * @param uid the effective user, who or root must own a configuration that holds commands
 * @throws KeeperError `config`: all problems, a line each, with file and key
 */
export function readConfiguration(files: readonly string[], uid: number): Configuration {
  const sources = files.map(readSource);
  const problems = [
    ...sources.flatMap(({ file, content }) => findProblems(content).map((problem) => `${file}: ${problem}`)),
    ...findTwins(sources),
  ];
  if (problems.length > 0) {
    throw new KeeperError("config", problems.join("\n"), "nothing was changed; correct the configuration");
  }
  const configuration = configurationSchema.parse(sources.map(({ content }) => content).reduce(merge));
  checkTrust(configuration, sources, uid);
  return configuration;
}

function readSource(file: string): Source {
  let text: string;
  let origin: Origin;
  try {
    // Resolved first and then opened without following, so that what is checked is what is read.
    const realPath = realpathSync(file);
    const descriptor = openSync(realPath, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const stats = fstatSync(descriptor);
      if (!stats.isFile()) throw new Error("it is not a regular file");
      if (stats.size > largestBytes) throw new Error(`it is larger than ${largestBytes} bytes`);
      origin = { realPath, stats };
      text = readFileSync(descriptor, "utf8");
    } finally {
      closeSync(descriptor);
    }
  } catch (cause) {
    throw new KeeperError(
      "config",
      `${file}: cannot read the configuration: ${describeError(cause)}`,
      "nothing was changed; make it a file that this user can read",
      cause,
    );
  }
  return { ...origin, file, content: parse(file, text) };
}

function parse(file: string, text: string): unknown {
  try {
    return JSON5.parse(text);
  } catch (cause) {
    const { lineNumber, columnNumber } = cause as { lineNumber?: number; columnNumber?: number };
    const reason = describeError(cause)
      .replace(/^JSON5: /, "")
      .replace(/ at \d+:\d+$/, "");
    throw new KeeperError(
      "config",
      `${file}: line ${lineNumber}, column ${columnNumber}: not valid JSON5: ${reason}`,
      "nothing was changed; correct the configuration",
      cause,
    );
  }
}

/** The same installation in two files is a slip of copying: merged, one bot would get half of another's settings. */
function findTwins(sources: readonly Source[]): string[] {
  const firstFile = new Map<string, string>();
  return sources.flatMap(({ file, content }) => {
    const installations = isObject(content) ? content.installations : undefined;
    if (!isObject(installations)) return [];
    return Object.keys(installations).flatMap((name) => {
      const first = firstFile.get(name);
      if (first === undefined) firstFile.set(name, file);
      const key = keyPath(["installations", name]);
      return first === undefined ? [] : [`${file}: ${key}: expected another name, ${first} has this one too`];
    });
  });
}

function merge(below: unknown, above: unknown): unknown {
  if (!isObject(below) || !isObject(above)) return above;
  const merged: Record<string, unknown> = { ...below };
  for (const [key, value] of Object.entries(above)) {
    merged[key] = Object.hasOwn(below, key) ? merge(below[key], value) : value;
  }
  return merged;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

import { closeSync, constants, fstatSync, openSync, readFileSync, realpathSync } from "node:fs";
import { dirname, isAbsolute, normalize, relative, resolve } from "node:path";
import { errnoOf } from "../errors.ts";

export type IncludeOptions = {
  /** turns the text of a file into data; its errors are passed on */
  parse: (text: string) => unknown;
  /** folders besides the configuration's own that included files may lie in, absolute */
  allowedRoots: readonly string[];
  /** gets one sentence for each `$include` that the gateway would refuse; only what stands beside it is left then */
  onProblem: (problem: string) => void;
};

/**
 * Puts included files in their places, by the gateway's rules: `$include` names a file or a list of files; what stands beside
 * it is merged over them; lists are joined, objects merged. At most ten files deep, no circles, plain files inside the
 * configuration's folder only. Reads only.
 *
 * @param configPath the file that `root` was read from
 */
export function resolveIncludes(root: unknown, configPath: string, options: IncludeOptions): unknown {
  const folder = dirname(normalize(configPath));
  const roots = [folder, ...options.allowedRoots].map((path) => ({ path, realPath: realPathOr(path) }));
  return resolveIn(root, { path: normalize(configPath), chain: [normalize(configPath)], roots, options });
}

const MAX_DEPTH = 10;
const MAX_PATH_LENGTH = 4096;
const MAX_SIZE_BYTES = 2 * 1024 * 1024;
const BLOCKED_KEYS = new Set(["__proto__", "prototype", "constructor"]);

type Place = {
  path: string;
  /** the files that lead here, this one included */
  chain: readonly string[];
  roots: readonly { path: string; realPath: string }[];
  options: IncludeOptions;
};

function resolveIn(value: unknown, place: Place): unknown {
  if (Array.isArray(value)) return value.map((item) => resolveIn(item, place));
  if (!isObject(value)) return value;
  const { $include, ...others } = value;
  const rest = mapValues(others, (inner) => resolveIn(inner, place));
  if (!Object.hasOwn(value, "$include")) return rest;
  const included = include($include, place);
  if (Object.keys(rest).length === 0) return included ?? rest;
  if (isObject(included)) return merge(included, rest);
  if (included !== undefined) place.options.onProblem(`an $include of ${place.path} gives no object to merge with`);
  return rest;
}

/** @returns undefined where the gateway would refuse */
function include(named: unknown, place: Place): unknown {
  if (typeof named === "string") return load(named, place);
  if (!Array.isArray(named) || named.some((one) => typeof one !== "string")) {
    place.options.onProblem(`an $include of ${place.path} is neither a path nor a list of paths`);
    return undefined;
  }
  // an empty object first: that is what an empty list gives, and what a list is merged over
  return named.reduce((merged: unknown, one: string) => {
    const loaded = load(one, place);
    return loaded === undefined ? merged : merge(merged, loaded);
  }, {});
}

function load(named: string, place: Place): unknown {
  const { options, chain } = place;
  const path = normalize(isAbsolute(named) ? named : resolve(dirname(place.path), named));
  const refuse = (why: string): undefined => {
    options.onProblem(`${path}, which ${place.path} includes, ${why}`);
  };
  if (named.includes("\0") || Math.max(named.length, path.length) >= MAX_PATH_LENGTH)
    return refuse("is no usable path");
  if (!place.roots.some((root) => isInside(root.path, path))) return refuse("lies outside the configuration's folder");
  if (chain.includes(path)) return refuse("includes itself");
  if (chain.length > MAX_DEPTH) return refuse(`is more than ${MAX_DEPTH} files deep`);
  const read = readGuarded(path, place);
  if (read.refusal !== undefined) return refuse(read.refusal);
  return resolveIn(options.parse(read.text), { ...place, path, chain: [...chain, path] });
}

function readGuarded(path: string, { roots }: Place): { text: string; refusal?: never } | { refusal: string } {
  let descriptor: number | undefined;
  try {
    const realPath = realpathSync(path);
    if (!roots.some((root) => isInside(root.realPath, realPath))) {
      return { refusal: "leads outside the configuration's folder" };
    }
    // without waiting: opening a pipe would wait for somebody to write
    descriptor = openSync(realPath, constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = fstatSync(descriptor);
    if (!stats.isFile() || stats.size > MAX_SIZE_BYTES || stats.nlink > 1) {
      return { refusal: "is no plain file of at most 2 MB with one name" };
    }
    return { text: readFileSync(descriptor, "utf8") };
  } catch (error) {
    const code = errnoOf(error);
    if (code === undefined) throw error;
    return { refusal: `cannot be read (${code})` };
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function merge(target: unknown, source: unknown): unknown {
  if (Array.isArray(target) && Array.isArray(source)) return [...target, ...source];
  if (!isObject(target) || !isObject(source)) return source;
  const merged: Record<string, unknown> = { ...target };
  for (const [key, value] of Object.entries(source)) {
    if (BLOCKED_KEYS.has(key)) continue;
    merged[key] = Object.hasOwn(merged, key) ? merge(merged[key], value) : value;
  }
  return merged;
}

function mapValues(object: object, map: (value: unknown) => unknown): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(object).flatMap(([key, value]) => (key === "__proto__" ? [] : [[key, map(value)]])),
  );
}

function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way === "" || (way !== ".." && !way.startsWith("../") && !isAbsolute(way));
}

function realPathOr(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

import { isDeepStrictEqual } from "node:util";
import { keyPath } from "./problems.ts";
import { configurationSchema } from "./schema.ts";

/**
 * The keys of a configuration that say what holds without them, by their full paths. Pure.
 *
 * @param content one that the schema accepts
 */
export function keysAtDefaults(content: unknown): string[] {
  const settled = configurationSchema.parse(content);
  return leavesOf(content, [])
    .filter((path) => {
      const without = structuredClone(content);
      const last = path.at(-1) ?? "";
      delete (valueAt(without, path.slice(0, -1)) as Record<string, unknown>)[last];
      const parsed = configurationSchema.safeParse(without);
      return parsed.success && isDeepStrictEqual(valueAt(parsed.data, path), valueAt(settled, path));
    })
    .map((path) => keyPath(path));
}

function leavesOf(value: unknown, path: readonly string[]): string[][] {
  if (!isObject(value)) return path.length === 0 ? [] : [[...path]];
  return Object.entries(value).flatMap(([key, inner]) => leavesOf(inner, [...path, key]));
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce((at: unknown, key) => (isObject(at) ? at[key] : undefined), value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

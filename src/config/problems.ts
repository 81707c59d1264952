import type * as z from "zod";
import { editDistance, nearest } from "./nearest.ts";
import { configurationJsonSchema, configurationSchema } from "./schema.ts";
import { quoteValue } from "./units.ts";

/**
 * Everything that is wrong with one configuration file's content, a line each: the key's full path, what was expected,
 * the offending scalar, and for an unknown key the nearest known one. Empty when it is right.
 */
export function findProblems(content: unknown): string[] {
  const strangers = findPrototypeKeys(content, []);
  if (strangers.length > 0) return strangers.map((path) => `${keyPath(path)}: unknown key`);
  const parsed = configurationSchema.safeParse(content, { reportInput: true, error: expectation });
  return parsed.success ? [] : parsed.error.issues.flatMap((issue) => describe(issue, []));
}

/** `installations.jarvis.gateway.logs[0]`; names that are no plain word are quoted. */
export function keyPath(path: readonly PropertyKey[]): string {
  if (path.length === 0) return "the file";
  return path
    .map((part) => {
      if (typeof part === "number") return `[${part}]`;
      const name = String(part);
      return /^[\p{L}\p{N}_$-]+$/u.test(name) ? `.${name}` : `[${quoteValue(name)}]`;
    })
    .join("")
    .replace(/^\./, "");
}

function describe(issue: z.core.$ZodIssue, above: readonly PropertyKey[]): string[] {
  const path = [...above, ...issue.path];
  if (issue.code === "unrecognized_keys") return issue.keys.map((key) => describeUnknownKey(path, key));
  if (issue.code === "invalid_key") {
    return issue.issues.map((inner) => `${keyPath(path)}: ${inner.message}`);
  }
  if (issue.code === "invalid_union") {
    const meant = issue.errors.find((branch) => !branch.some(isOtherKind));
    if (meant !== undefined) return meant.flatMap((inner) => describe(inner, path));
  }
  return [`${keyPath(path)}: ${issue.message}${describeInput(issue)}`];
}

/** True when a branch of a union was not the one that the person had in mind: the value is of another type altogether. */
function isOtherKind(issue: z.core.$ZodIssue): boolean {
  return issue.path.length === 0 && (issue.code === "invalid_type" || issue.code === "invalid_value");
}

/** Addresses stay out of messages: they often carry a token. */
function describeInput(issue: z.core.$ZodIssue): string {
  const { input } = issue;
  if (issue.code === "invalid_format" && issue.format === "url") return "";
  if (typeof input === "string" && /^https?:/i.test(input)) return "";
  if (typeof input === "string") return `, got ${quoteValue(input)}`;
  if (Array.isArray(input)) return ", got a list";
  if (typeof input === "object" && input !== null) return ", got an object";
  return input === undefined ? ", got nothing" : `, got ${String(input)}`;
}

/** What was expected, for the leaves that do not say it themselves. */
const expectation: z.core.$ZodErrorMap = (issue) => {
  if (issue.code === "invalid_type") return `expected ${typeNames[issue.expected] ?? issue.expected}`;
  if (issue.code === "invalid_value") {
    return `expected ${issue.values.map((value) => JSON.stringify(value)).join(" or ")}`;
  }
  const unit = issue.origin === "number" || issue.origin === "int" ? "a number of" : "a list of";
  if (issue.code === "too_small") return `expected ${unit} at least ${issue.minimum}`;
  if (issue.code === "too_big") return `expected ${unit} at most ${issue.maximum}`;
  return undefined;
};

const typeNames: Record<string, string> = {
  array: "a list",
  boolean: "true or false",
  int: "a whole number",
  number: "a number",
  object: "an object",
  record: "an object",
  string: "a text in quotes",
  tuple: "a list",
};

function describeUnknownKey(path: readonly PropertyKey[], key: string): string {
  const schema = configurationJsonSchema() as SchemaNode;
  const siblings = Object.keys(propertiesAt([schema], path));
  const sibling = nearest(key, siblings);
  const isSlip = sibling !== undefined && editDistance(key, sibling) <= Math.max(1, Math.floor(key.length / 3));
  // No slip of the pen: perhaps a known key in the wrong place, before the sibling that looks least unlike it.
  const elsewhere = isSlip ? undefined : findKey(schema, key, []);
  const known = elsewhere ?? (sibling === undefined ? undefined : [...path, sibling]);
  const hint = known === undefined ? "" : `; the nearest known key is ${keyPath(known)}`;
  return `${keyPath([...path, key])}: unknown key, expected one of ${siblings.join(", ")}${hint}`;
}

/** The parts of a JSON Schema that hold further keys. */
type SchemaNode = {
  properties?: Record<string, SchemaNode>;
  additionalProperties?: SchemaNode | boolean;
  items?: SchemaNode | SchemaNode[];
  anyOf?: SchemaNode[];
};

function propertiesAt(nodes: SchemaNode[], path: readonly PropertyKey[]): Record<string, SchemaNode> {
  let level = nodes.flatMap(alternatives);
  for (const part of path) level = level.flatMap((node) => step(node, part)).flatMap(alternatives);
  return Object.assign({}, ...level.map((node) => node.properties ?? {}));
}

function alternatives(node: SchemaNode): SchemaNode[] {
  return node.anyOf?.flatMap(alternatives) ?? [node];
}

function step(node: SchemaNode, part: PropertyKey): SchemaNode[] {
  if (typeof part === "number") return [node.items ?? []].flat();
  const named = node.properties?.[String(part)];
  if (named !== undefined) return [named];
  return typeof node.additionalProperties === "object" ? [node.additionalProperties] : [];
}

/** The path of the first key of that very name, `NAME` standing for an installation's. */
function findKey(node: SchemaNode, key: string, path: string[]): string[] | undefined {
  for (const branch of alternatives(node)) {
    for (const [name, child] of Object.entries(branch.properties ?? {})) {
      if (name === key) return [...path, name];
      const found = findKey(child, key, [...path, name]);
      if (found !== undefined) return found;
    }
    if (typeof branch.additionalProperties === "object") {
      const found = findKey(branch.additionalProperties, key, [...path, "NAME"]);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

/** `__proto__` as a key: JSON5 reads it as any other, the validator passes over it. */
function findPrototypeKeys(value: unknown, path: PropertyKey[]): PropertyKey[][] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, child]) => {
    const here = [...path, Array.isArray(value) ? Number(key) : key];
    return key === "__proto__" ? [here] : findPrototypeKeys(child, here);
  });
}

import { UnknownValue } from "../routing/unknown-value.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Puts environment variables into the texts of a configuration as the gateway does: `${NAME}` with capitals only, `$${NAME}`
 * for the literal text. What the configuration sets itself under `env` counts where the environment has nothing. Pure.
 *
 * @returns the same configuration; a text with a variable that is missing or empty is an UnknownValue
 */
export function substituteEnvironment(root: unknown, environment: Environment): unknown {
  return substitute(root, withOwnVariables(root, environment));
}

/** The escaped form comes first: its second half reads like the plain one. */
const REFERENCE = /\$\$\{([A-Z_][A-Z0-9_]*)\}|\$\{([A-Z_][A-Z0-9_]*)\}/g;

function substitute(value: unknown, environment: Environment): unknown {
  if (typeof value === "string") return value.includes("$") ? substituteText(value, environment) : value;
  if (Array.isArray(value)) return value.map((item) => substitute(item, environment));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, substitute(inner, environment)]));
}

function substituteText(text: string, environment: Environment): string | UnknownValue {
  let missing: string | undefined;
  const substituted = text.replace(REFERENCE, (_whole, escaped?: string, name?: string) => {
    if (escaped !== undefined) return `\${${escaped}}`;
    const value = environment[name ?? ""];
    if (value === undefined || value === "") missing ??= name;
    return value ?? "";
  });
  return missing === undefined ? substituted : new UnknownValue(missing);
}

function withOwnVariables(root: unknown, environment: Environment): Environment {
  const own = isObject(root) && isObject(root.env) ? root.env : undefined;
  if (own === undefined) return environment;
  const named = isObject(own.vars) ? Object.entries(own.vars) : [];
  const plain = Object.entries(own).filter(([name]) => name !== "vars" && name !== "shellEnv");
  const all: Record<string, string | undefined> = { ...environment };
  for (const [name, value] of [...named, ...plain]) {
    const isUsable = typeof value === "string" && value.trim() !== "" && value.match(REFERENCE) === null;
    // of a name in both places the later one wins, as there
    if (isUsable && !environment[name]?.trim()) all[name] = value;
  }
  return all;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof UnknownValue);
}

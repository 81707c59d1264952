/** A value that was found on this machine, and what showed it. */
type Found = { says: unknown; because?: string };

/** What of an installation was found; every other key stays at its default. */
export type FoundInstallation = {
  openclawHome?: Found;
  claudeHome?: Found;
  /** it has none of this program, although runs would take one that is somebody else's */
  without?: "openclaw" | "claude";
  logs?: Found;
  restart?: Found;
  health?: Found;
  paths?: Found;
};

/** The parts of a JSON Schema that are needed to write an example of what it describes. */
export type SchemaNode = {
  description?: string;
  default?: unknown;
  enum?: unknown[];
  properties?: Record<string, SchemaNode>;
  additionalProperties?: SchemaNode | boolean;
  anyOf?: SchemaNode[];
};

/**
 * The installations as they stand in a configuration, and all other keys behind slashes at their defaults, each with its
 * meaning. Pure.
 *
 * @param schema of the whole configuration: its descriptions are the text
 */
export function commentedConfiguration(schema: SchemaNode, found: Record<string, FoundInstallation>): string {
  const { installations, ...sections } = schema.properties ?? {};
  const ofOne = installations?.additionalProperties;
  const entries = Object.entries(found).flatMap(([name, one]) => [
    `    ${keyOf(name)}: {`,
    ...(typeof ofOne === "object" ? membersOf(ofOne, placesOf(one), "      ") : []),
    "    },",
  ]);
  return `${[
    ...HEAD,
    "{",
    `  // ${installations?.description ?? ""}`,
    "  installations: {",
    ...entries,
    "  },",
    ...membersOf({ properties: sections }, {}, "  "),
    "}",
  ].join("\n")}\n`;
}

/** One installation alone, for a file in `conf.d`. `head`: comments above it, without slashes. Pure. */
export function commentedInstallation(
  schema: SchemaNode,
  name: string,
  one: FoundInstallation,
  head: readonly string[],
): string {
  const ofOne = schema.properties?.installations?.additionalProperties;
  return `${[
    ...head.map((line) => `// ${line}`.trimEnd()),
    "{",
    "  installations: {",
    `    ${keyOf(name)}: {`,
    ...(typeof ofOne === "object" ? membersOf(ofOne, placesOf(one), "      ") : []),
    "    },",
    "  },",
    "}",
  ].join("\n")}\n`;
}

const HEAD = [
  "// Configuration of session-keeper, as it was found on this machine. JSON5: comments and commas at the end are fine.",
  "//",
  "// What stands behind slashes is what holds anyway; take the slashes away to change it.",
  "// Sizes: 2MB is 2,000,000 bytes, 2MiB is 2,097,152. Durations: 30s 5m 6h 5d. Tokens: 150k. Commands are lists: no shell.",
];

/** By the key's path in an installation. */
type Places = { [key: string]: Found | Places };

function placesOf(found: FoundInstallation): Places {
  const { openclawHome, claudeHome, without, logs, restart, health, paths } = found;
  const gateway = { ...(logs && { logs }), ...(restart && { restart }), ...(health && { health }) };
  return {
    ...(openclawHome && { openclaw: { home: openclawHome } }),
    ...(claudeHome && { claude: { home: claudeHome } }),
    ...(without && { [without]: { says: false } }),
    gateway,
    ...(paths && { paths }),
  };
}

function membersOf(node: SchemaNode, found: Places, indent: string): string[] {
  return Object.entries(node.properties ?? {}).flatMap(([key, child]) => memberOf(key, child, found[key], indent));
}

function memberOf(key: string, node: SchemaNode, found: Found | Places | undefined, indent: string): string[] {
  const inner = node.properties ? node : node.anyOf?.find(({ properties }) => properties);
  const meaning = meaningOf(node);
  if (isFound(found)) {
    const because = [found.because, meaning].filter(Boolean).join(". ");
    return [`${indent}${key}: ${written(found.says)},${because === "" ? "" : ` // ${because}`}`];
  }
  if (inner && (found !== undefined || !node.anyOf))
    return [
      `${indent}${key}: {${meaning === "" ? "" : ` // ${meaning}`}`,
      ...membersOf(inner, found ?? {}, `${indent}  `),
      `${indent}},`,
    ];
  const value = node.default === undefined ? (inner ? false : "") : node.default;
  return [`${indent}// ${key}: ${written(value)},${meaning === "" ? "" : ` // ${meaning}`}`];
}

/** Units are explained at the head of the file. */
function meaningOf({ description = "", enum: words }: SchemaNode): string {
  const meaning = description.replace(/ A (?:size|duration): .*$| A program and its arguments; no shell\.$/, "");
  const choices = words === undefined ? "" : `One of ${words.map((word) => JSON.stringify(word)).join(", ")}.`;
  return [meaning, choices].filter(Boolean).join(" ");
}

function isFound(found: Found | Places | undefined): found is Found {
  return found !== undefined && "says" in found;
}

function keyOf(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
}

function written(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(written).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(([key, inner]) => `${keyOf(key)}: ${written(inner)}`);
  return members.length === 0 ? "{}" : `{ ${members.join(", ")} }`;
}

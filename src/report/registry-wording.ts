import { formatSize } from "../config/units.ts";
import type { FindingKind } from "../inspect/finding.ts";
import type { RegistryChange, SparedReason } from "../plan/plan.ts";

type Evidence = Record<string, unknown>;
type RegistryKind = Extract<
  FindingKind,
  | "broken-registry"
  | "unregistered-transcript"
  | "missing-transcript"
  | "null-transcript-path"
  | "corrupt-entry"
  | "duplicate-session"
  | "stray-session"
  | "shared-transcript"
  | "large-transcript"
  | "tokens-warning"
  | "tokens-critical"
  | "bloated-registry"
>;

/** Every sentence about a registry and its entries. */
export const REGISTRY_FINDINGS = {
  "broken-registry": (e) =>
    e.problem === "missing"
      ? `the registry is gone, while ${remains(e)} there: its gateway will begin an empty one; session-keeper validate-registry --repair makes it of what is left`
      : `the registry is ${PROBLEMS[String(e.problem)] ?? e.problem}: what it binds cannot be known, and the gateway will write an empty one over it; session-keeper validate-registry --repair restores it from what is left and from its copies`,
  "unregistered-transcript": (e) =>
    e.isArchived
      ? `a run that was stopped had archived it and taken its entry out (${size(e.bytes)}); session-keeper validate-registry --repair --resolve-strays takes it away`
      : e.isOld
        ? `no registry entry leads to it, and nothing has been written to it for long; session-keeper archive sees to it (${size(e.bytes)})`
        : `no registry entry leads to it, so after a restart its user has lost it (${size(e.bytes)})`,
  "missing-transcript": () => "its transcript is not there, so what it remembers is gone",
  "null-transcript-path": (e) => `${e.problem}, where the path of its transcript ought to be`,
  "corrupt-entry": (e) => String(e.problem),
  "duplicate-session": (e) =>
    `${list(e.agents)} have a session each for the same conversation (${list(e.keys)})${e.wanted ? `; its messages go to ${e.wanted}` : ""}`,
  "stray-session": (e) => `it lies with agent ${e.agent}, but by the bindings its messages go to ${e.wanted}`,
  "shared-transcript": (e) => `${list(e.keys)} share one transcript, so each reads and writes what is the other's`,
  "large-transcript": (e) => `${size(e.bytes)}, larger than ${size(e.limitBytes)}`,
  "tokens-warning": tokens,
  "tokens-critical": tokens,
  "bloated-registry": (e) =>
    `${size(e.bytes)}, of which ${size(e.savingBytes)} are copies in ${e.entries} entries that the gateway makes anew (${fields(e.fields)})`,
} satisfies Record<RegistryKind, (evidence: Evidence) => string>;

const PROBLEMS: Record<string, string> = {
  empty: "empty",
  "nul-padding": "filled with NUL bytes, as a power cut leaves it",
  "byte-order-mark": "marked with a byte order mark, which its gateway does not read",
  "not-utf8": "no UTF-8",
  truncated: "broken off",
  unparsable: "no JSON",
  "not-an-object": "no JSON object",
  json5: "JSON5, where this release reads JSON only",
  "duplicate-keys": "ambiguous, because it holds a key or a field twice",
};

/** What becomes of an entry in a repair. */
export const REGISTRY_REPAIRS = {
  "mend-entry": { plan: "drop or correct the bad fields of its entry", done: "the bad fields of its entry are right" },
  "add-entry": { plan: "enter it in the registry", done: "it has an entry in the registry" },
  "replace-entry": { plan: "make its entry anew", done: "its entry is made anew" },
} satisfies Partial<Record<RegistryChange, { plan: string; done: string }>>;

/** Why `validate-registry` leaves something alone, and what a person can do about it. */
export const SPARED_IN_REGISTRY = {
  "registry-gateway-up": (detail) =>
    `${detail}, and this release does not share its registry: stop the gateway and run session-keeper validate-registry --repair`,
  "old-orphan": () => "it is older than archive.inactiveFor, so session-keeper archive sees to it",
  "routed-elsewhere": () =>
    "nothing is moved without being asked: session-keeper validate-registry --repair --resolve-strays moves what lies with the wrong agent to the right one, or, where that one has a session of its own, into the archive",
  "shared-on-disk": (_, id) =>
    `which of the two it belongs to cannot be told from here: reset one of them in its chat (/reset), or look at it first: session-keeper restore get ${id}`,
  "restart-advised": () =>
    "the gateway may still work with what it read before: restart it, or run this with --restart and a configured gateway.restart",
} satisfies Partial<Record<SparedReason, (detail: string, sessionId: string, path: string) => string>>;

/** What a registry would be made of. */
export function wordRestoration({ entries }: { entries: readonly { origin: string }[] }): string {
  const count = (origin: string) => entries.filter((entry) => entry.origin === origin).length;
  const parts = [
    [count("own-text"), "from its own text"],
    [count("temp"), "from broken-off writes"],
    [count("backup"), "from copies"],
    [count("transcript"), "from transcripts"],
  ] as const;
  const told = parts.flatMap(([number, where]) => (number > 0 ? [`${number} ${where}`] : []));
  return `restore it with ${entries.length} ${entries.length === 1 ? "entry" : "entries"}${told.length > 0 ? ` (${told.join(", ")})` : ""}`;
}

/** What is left of a registry that is gone. */
function remains({ copies, transcripts }: Evidence): string {
  const names = Array.isArray(copies) ? copies.map(String) : [];
  const more = names.length > MOST_NAMED ? ` and ${names.length - MOST_NAMED} more` : "";
  const told = names.length > 0 ? [`${names.slice(0, MOST_NAMED).join(", ")}${more}`] : [];
  const count = Number(transcripts);
  if (count > 0) told.push(`${count} ${count === 1 ? "transcript" : "transcripts"} that it must have led to`);
  return `${told.join(" and ")} ${names.length + count === 1 ? "is" : "are"}`;
}

const MOST_NAMED = 3;

function tokens({ tokens: held, warning, critical, from }: Evidence): string {
  const limit = Number(held) >= Number(critical) ? critical : warning;
  const source = from === "transcript" ? ", as its last reply says" : "";
  return `${thousands(held)} tokens in its context${source}, at least ${thousands(limit)}: shorten it with session-keeper rotate --session ID, or reset it in its chat`;
}

function thousands(count: unknown): string {
  return `${Math.round(Number(count) / 1000)}k`;
}

function list(items: unknown): string {
  return Array.isArray(items) ? [...new Set(items)].join(" and ") : "";
}

function fields(sizes: unknown): string {
  return Object.entries((sizes ?? {}) as Record<string, number>)
    .map(([field, bytes]) => `${field} ${size(bytes)}`)
    .join(", ");
}

function size(bytes: unknown): string {
  return typeof bytes === "number" ? formatSize(bytes) : "some bytes";
}

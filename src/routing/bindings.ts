import { agentIdOf, type ChatKind, chatKindOf } from "./names.ts";
import { type Known, UnknownValue } from "./unknown-value.ts";

/** One entry of `bindings`: conversations that match go to the agent. */
export type Binding = {
  /** as it stands there; the gateway takes the default agent for one that it does not know */
  agentId: Known<string>;
  channel: Known<string>;
  /** `*`: any account; empty: the default account */
  account: Known<string>;
  peer: { kind: Known<ChatKind | undefined>; id: Known<string> } | null;
  guildId: Known<string>;
  teamId: Known<string>;
  /** null: any member */
  roles: Known<string>[] | null;
};

/** The bindings of a configuration, in their order. */
export type Bindings = {
  /** those that choose an agent; all of them up to 2026.5, later those of the type `route`, which is the usual one */
  routes: Binding[];
  /** those that give a conversation to a coding agent's session of its own */
  acp: Binding[];
  /** one of a shape that the gateway refuses, and with it the whole configuration */
  isRefused: boolean;
};

/** Reads `bindings` in every shape that a file-based release takes. Takes values of any type. Pure. */
export function readBindings(root: Record<string, unknown>): Bindings {
  const listed = root.bindings ?? [];
  if (!Array.isArray(listed)) return { routes: [], acp: [], isRefused: true };
  const read = listed.map((one) => ({ type: typeOf(one), binding: readBinding(one) }));
  const ofType = (type: string) => read.flatMap((one) => (one.binding && one.type === type ? [one.binding] : []));
  return {
    routes: ofType("route"),
    acp: ofType("acp"),
    isRefused: read.some(({ type, binding }) => type === undefined || binding === undefined),
  };
}

/** The agents of the configuration and the one that gets what no binding matches. */
export type Agents = {
  /** normalised; empty: the configuration lists none, and any that a binding names is taken */
  ids: ReadonlySet<string>;
  fallback: Known<string>;
};

/** Reads `agents.list`, or `agents.entries` of later releases. Takes values of any type. Pure. */
export function readAgents(root: Record<string, unknown>): Agents {
  const section = asObject(root.agents);
  const listed: Record<string, unknown>[] = Array.isArray(section.list)
    ? section.list.filter(isObject)
    : Object.entries(asObject(section.entries)).map(([id, value]) => ({ ...asObject(value), id }));
  const chosen = listed.find((agent) => Boolean(agent.default)) ?? listed[0];
  const ids = listed.flatMap(({ id }) => (typeof id === "string" && id.trim() !== "" ? [agentIdOf(id)] : []));
  const first = chosen?.id;
  const unsure = listed.map(({ id, default: flag }) => (flag instanceof UnknownValue ? flag : id)).find(isUnknown);
  return {
    ids: new Set(ids),
    fallback: unsure ?? agentIdOf(typeof first === "string" ? first : ""),
  };
}

function typeOf(value: unknown): "route" | "acp" | undefined {
  const type = asObject(value).type ?? "route";
  return type === "route" || type === "acp" ? type : undefined;
}

function readBinding(value: unknown): Binding | undefined {
  if (!isObject(value) || !isObject(value.match)) return undefined;
  const { channel, accountId, peer, guildId, teamId, roles } = value.match;
  const binding = {
    agentId: text(value.agentId, undefined),
    channel: text(channel, undefined, (raw) => raw.toLowerCase()),
    account: text(accountId, ""),
    peer: peer === undefined ? null : readPeer(peer),
    guildId: text(guildId, ""),
    teamId: text(teamId, ""),
    roles: readRoles(roles),
  };
  return Object.values(binding).includes(undefined) ? undefined : (binding as Binding);
}

function readPeer(value: unknown): Binding["peer"] | undefined {
  if (!isObject(value)) return undefined;
  const { kind, id } = value;
  const known = text(id, undefined);
  if (known === undefined || (typeof kind !== "string" && !(kind instanceof UnknownValue))) return undefined;
  return { kind: typeof kind === "string" ? chatKindOf(kind) : kind, id: known };
}

function readRoles(value: unknown): Binding["roles"] | undefined {
  if (value === undefined) return null;
  if (!Array.isArray(value) || !value.every((role) => typeof role === "string" || isUnknown(role))) return undefined;
  return value.length === 0 ? null : value;
}

/** The gateway writes ids without quotes too. */
function text(value: unknown, absent: string | undefined, then = (raw: string) => raw): Known<string> | undefined {
  if (value === undefined) return absent;
  if (value instanceof UnknownValue) return value;
  return typeof value === "string" || typeof value === "number" ? then(String(value).trim()) : undefined;
}

function isUnknown(value: unknown): value is UnknownValue {
  return value instanceof UnknownValue;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !isUnknown(value);
}

function asObject(value: unknown): Record<string, unknown> {
  return isObject(value) ? value : {};
}

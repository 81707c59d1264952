import { type Agents, type Binding, readAgents, readBindings } from "./bindings.ts";
import { accountIdOf } from "./names.ts";
import { UnknownValue } from "./unknown-value.ts";

/** What the gateway's configuration says of where conversations go. */
export type Routing = {
  /** one sentence: why it can't be told of any conversation */
  problem?: string;
  /** how bindings are matched: differently up to 2026.2.9; of a release that is not known, both ways have to agree */
  rules: readonly Rules[];
  routes: readonly Binding[];
  acp: readonly Binding[];
  agents: Agents;
  mainKey: string;
  /** who is the same person: canonical name to ids, in the order of the configuration, all in small letters */
  links: ReadonlyMap<string, readonly string[]>;
  /** the environment variable that one of these ids depends on, where it is not known */
  unknownLink: UnknownValue | undefined;
  /** peers, in small letters, whose messages go to several agents on purpose */
  broadcast: ReadonlySet<string>;
  channels: Record<string, unknown>;
};

/** `first`: each kind of constraint by itself, up to 2026.2.9. `scoped`: all constraints of a binding count, from 2026.4.15. */
export type Rules = "first" | "scoped";

/**
 * Reads what routing depends on. Takes values of any type. Pure.
 *
 * @param root the whole configuration, includes and environment done; undefined when there is none
 * @param options.version the gateway's, such as `2026.4.15`, where it is known
 * @param options.problem why `root` is not what the gateway uses
 */
export function readRouting(root: unknown, options: { version?: string; problem?: string } = {}): Routing {
  const config = asObject(root);
  const bindings = readBindings(config);
  const session = asObject(config.session);
  const problem = options.problem ?? problemOf(root, config, bindings.isRefused);
  return {
    ...(problem === undefined ? {} : { problem }),
    rules: rulesOf(options.version),
    routes: bindings.routes,
    acp: bindings.acp,
    agents: readAgents(config),
    mainKey: typeof session.mainKey === "string" && session.mainKey.trim() !== "" ? session.mainKey.trim() : "main",
    links: readLinks(session.identityLinks),
    unknownLink: Object.values(asObject(session.identityLinks)).flat().find(isUnknown),
    broadcast: new Set(
      Object.keys(asObject(config.broadcast)).flatMap((key) => (key === "strategy" ? [] : [fold(key)])),
    ),
    channels: asObject(config.channels),
  };
}

/** The accounts that a channel may have: of those in its settings, those that bindings name, and the default one. Pure. */
export function accountsOf(channel: string, { channels, routes }: Routing): string[] {
  const configured = Object.keys(asObject(asObject(channels[channel]).accounts));
  const bound = routes.flatMap((binding) =>
    (binding.channel === channel || binding.channel instanceof UnknownValue) && typeof binding.account === "string"
      ? [binding.account]
      : [],
  );
  const named = [...configured, ...bound].filter((account) => account !== "*").map(accountIdOf);
  return [...new Set(["default", ...named])];
}

function problemOf(root: unknown, config: Record<string, unknown>, isRefused: boolean): string | undefined {
  if (!isObject(root)) return "the gateway's configuration is not there or cannot be read";
  if (isRefused) return "a binding in the gateway's configuration has a shape that the gateway refuses";
  if (isObject(config.routing)) return "the gateway's configuration still has the old section `routing`";
  return undefined;
}

function rulesOf(version: string | undefined): readonly Rules[] {
  const [year, month, day] = (/^(\d+)\.(\d+)\.(\d+)/.exec(version ?? "") ?? []).slice(1).map(Number);
  if (year === undefined || month === undefined || day === undefined) return ["first", "scoped"];
  const order = year * 10_000 + month * 100 + day;
  if (order <= 20_260_209) return ["first"];
  return order >= 20_260_415 ? ["scoped"] : ["first", "scoped"];
}

function readLinks(value: unknown): ReadonlyMap<string, readonly string[]> {
  const links = new Map<string, readonly string[]>();
  for (const [name, ids] of Object.entries(asObject(value))) {
    if (name.trim() === "" || !Array.isArray(ids)) continue;
    const known = ids.flatMap((id) => (typeof id === "string" && id.trim() !== "" ? [fold(id)] : []));
    links.set(fold(name), [...(links.get(fold(name)) ?? []), ...known]);
  }
  return links;
}

function fold(text: string): string {
  return text.trim().toLowerCase();
}

function isUnknown(value: unknown): value is UnknownValue {
  return value instanceof UnknownValue;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof UnknownValue);
}

function asObject(value: unknown): Record<string, unknown> {
  return isObject(value) ? value : {};
}

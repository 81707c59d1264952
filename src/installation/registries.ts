import { existsSync, readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { lookAt } from "../disk/fingerprint.ts";
import { describeError, errnoOf } from "../errors.ts";
import { type Registry, readRegistry } from "../registry/read.ts";
import type { AgentRegistry, Installation } from "./installation.ts";
import type { OpenClawConfig } from "./openclaw-config.ts";
import { mapPath, realPathOr } from "./paths.ts";

/** What the gateway takes as an agent's name. Another folder among the agents' is a person's own, such as a copy of one. */
const AGENT_ID = /^[a-z0-9][a-z0-9_-]{0,63}$/i;

/**
 * Every agent's registry. Agents are those of the configuration and those found on disk: an agent taken out of the
 * configuration leaves its sessions behind. `session.store` may name another place, for each agent or one for all.
 *
 * @param before as they were found earlier in this run: one that did not change since is not read again
 */
export function findRegistries(
  home: string,
  config: OpenClawConfig,
  paths: Record<string, string>,
  homeDirectory: string,
  unreadable: Installation["unreadable"],
  before: readonly AgentRegistry[] = [],
): AgentRegistry[] {
  const onDisk = listFolder(join(home, "agents"), unreadable).filter((name) => AGENT_ID.test(name));
  const agents = [...new Set([...onDisk, ...config.agents.map(({ id }) => id), "main"])];
  const found = new Map<string, AgentRegistry>();
  for (const agent of agents) {
    const { sessions, standard, used: configured } = placesOf(agent, home, config, paths, homeDirectory);
    for (const candidate of [configured, standard]) {
      const path = join(realPathOr(dirname(candidate)), basename(candidate));
      const known = found.get(path);
      if (known && known.agent !== agent && candidate === configured) {
        known.shared = [...(known.shared ?? []), { agent, sessions: realPathOr(sessions) }];
      }
      if (known || (isAbsent(path) && isAbsent(sessions))) continue;
      found.set(path, {
        agent,
        path,
        sessions: realPathOr(existsSync(sessions) ? sessions : dirname(path)),
        registry: readOrNote(path, unreadable, before.find((one) => one.path === path)?.registry),
        isLeft: candidate !== configured,
      });
    }
  }
  return [...found.values()];
}

/** Where the gateway has the registry and the transcripts of an agent, or would have those of one that has none yet. */
export function registryPlaceOf(
  agent: string,
  home: string,
  config: OpenClawConfig,
  paths: Record<string, string>,
  homeDirectory: string,
): { path: string; sessions: string } {
  const { sessions, used } = placesOf(agent, home, config, paths, homeDirectory);
  return { path: join(realPathOr(dirname(used)), basename(used)), sessions: realPathOr(sessions) };
}

/** `used`: where the configuration has it; `standard`: where it is without one. */
function placesOf(
  agent: string,
  home: string,
  { store }: OpenClawConfig,
  paths: Record<string, string>,
  homeDirectory: string,
): { sessions: string; standard: string; used: string } {
  const sessions = join(home, "agents", agent, "sessions");
  const standard = join(sessions, "sessions.json");
  return { sessions, standard, used: store ? storeFor(store, agent, paths, homeDirectory) : standard };
}

/** Registries as they were read, but for their texts, which are large and not needed any more: whoever changes one reads it anew. */
export function withoutTexts(registries: readonly AgentRegistry[]): AgentRegistry[] {
  return registries.map((one) => ({ ...one, registry: { ...one.registry, text: "" } }));
}

/** A registry that can't be read has no entries, and nothing counts as missing because of it. */
function readOrNote(path: string, unreadable: Installation["unreadable"], known: Registry | undefined): Registry {
  try {
    return readRegistry(path, { known });
  } catch (error) {
    unreadable.push({ path, message: describeError(error) });
    return { path, text: "", entries: [], corrupt: 0, problem: "unparsable" };
  }
}

function storeFor(template: string, agent: string, paths: Record<string, string>, homeDirectory: string): string {
  const path = template.replaceAll("{agentId}", agent);
  return mapPath(path.startsWith("~/") ? join(homeDirectory, path.slice(2)) : path, paths);
}

/** What can't be looked at may be there. */
function isAbsent(path: string): boolean {
  try {
    return lookAt(path) === undefined;
  } catch {
    return false;
  }
}

/** Names in a folder; one that is not there is empty, one that can't be read is noted. */
export function listFolder(path: string, unreadable: Installation["unreadable"]): string[] {
  try {
    return readdirSync(path);
  } catch (error) {
    if (errnoOf(error) !== "ENOENT" && errnoOf(error) !== "ENOTDIR")
      unreadable.push({ path, message: describeError(error) });
    return [];
  }
}

import { dirname, isAbsolute, join } from "node:path";
import type { AgentRegistry } from "./installation.ts";
import { mapPath } from "./paths.ts";

/** The agent that a session belongs to: in a registry that several share, its key says so. */
export function agentOfKey({ agent, shared = [] }: AgentRegistry, key: string): string {
  const named = /^agent:([^:]+):/i.exec(key)?.[1]?.toLowerCase();
  return shared.some((one) => one.agent === named) ? (named ?? agent) : agent;
}

/** Where the transcripts of a registry's agent lie, or those of one of several that share it. */
export function sessionsFolderOf({ agent, sessions, shared = [] }: AgentRegistry, ofAgent: string = agent): string {
  return shared.find((one) => one.agent === ofAgent)?.sessions ?? sessions;
}

/** Every folder that a path in an entry of this registry may lead to. */
export function foldersOfRegistry({ path, sessions, shared = [] }: AgentRegistry): string[] {
  return [...new Set([dirname(path), sessions, ...shared.map((one) => one.sessions)])];
}

/**
 * Where on this host the file may lie that an entry's `sessionFile` names. A relative path counts from the sessions folder, which
 * is the one beside the registry or the agent's own.
 *
 * @param sessionFile as stored; the gateway trims it
 */
export function filesNamedBy(
  sessionFile: string,
  registry: AgentRegistry,
  agent: string,
  paths: Record<string, string>,
): string[] {
  const path = mapPath(sessionFile.trim(), paths);
  if (isAbsolute(path)) return [path];
  return [...new Set([dirname(registry.path), sessionsFolderOf(registry, agent)])].map((folder) => join(folder, path));
}

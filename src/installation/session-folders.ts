import { dirname } from "node:path";
import type { AgentRegistry } from "./installation.ts";

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

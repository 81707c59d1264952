import { sha256Of } from "../disk/sha256.ts";
import { readGatewayConfig } from "../installation/gateway-config.ts";
import type { AgentRegistry, EntryReference, Installation } from "../installation/installation.ts";
import { asObject } from "../registry/bindings.ts";
import { placesIn, valueWithoutCopies } from "../registry/places.ts";
import { describeEntry } from "../registry/read.ts";
import { findDuplicates, findStrays } from "../routing/identity.ts";
import { readRouting } from "../routing/routing.ts";
import type { Finding } from "./finding.ts";
import type { RegistryContext } from "./registry.ts";

/** A session in a registry, with a checksum of its entry's text. */
export type PeerSession = {
  agent: string;
  key: string;
  entry: Record<string, unknown>;
  reference: EntryReference;
  seen: string;
  /** who uses it right now */
  inUse?: string;
};

/** A session of an agent that does not get its messages any more. `wanted`: who gets them. */
export type Strayed = { session: PeerSession; wanted: string; finding: Finding };

/** Sessions of several agents with the same person or group. `wanted`: who gets the messages, where that is sure. */
export type Duplicated = { sessions: PeerSession[]; wanted?: string; finding: Finding };

/** Looks for sessions that the bindings of the gateway's configuration give to another agent, and for those that several have. */
export async function findOfTwoAgents(
  registries: readonly AgentRegistry[],
  { openclaw }: Installation,
  { env }: RegistryContext,
): Promise<{ strays: Strayed[]; duplicates: Duplicated[] }> {
  if (!openclaw?.config.path || registries.length === 0) return { strays: [], duplicates: [] };
  const { root, problem } = await readGatewayConfig(openclaw.config.path, env);
  const { version } = openclaw.era;
  const routing = readRouting(root, { ...(version ? { version } : {}), ...(problem ? { problem } : {}) });
  const sessions = registries.flatMap(sessionsIn);
  const strays = findStrays(sessions, routing).map(({ session, agent, wanted, by }): Strayed => {
    const evidence = { agent, wanted, by };
    return { session, wanted, finding: { kind: "stray-session", severity: "warning", ...about(session), evidence } };
  });
  const duplicates = findDuplicates(sessions, routing).flatMap((found): Duplicated[] => {
    const [first] = found.sessions;
    if (!first) return [];
    const { channel, kind, wanted } = found;
    const keys = found.sessions.map(({ key }) => key);
    const evidence = {
      channel,
      kind,
      agents: found.sessions.map(({ agent }) => agent),
      keys,
      ...(wanted ? { wanted } : {}),
    };
    const finding: Finding = { kind: "duplicate-session", severity: "warning", ...about(first), evidence };
    return [{ sessions: found.sessions, ...(wanted ? { wanted } : {}), finding }];
  });
  return { strays, duplicates };
}

function about({
  reference: { registryPath, entry, agent },
}: PeerSession): Pick<Finding, "path" | "agent" | "sessionKey" | "sessionId"> {
  return {
    path: registryPath,
    agent,
    sessionKey: entry.key,
    ...(entry.sessionId === undefined ? {} : { sessionId: entry.sessionId }),
  };
}

/** The checksum is for those few that are told: of all it would take longer than everything else. */
function sessionsIn({ agent, path, registry }: AgentRegistry): PeerSession[] {
  const { text, problem } = registry;
  if (text === "" || problem) return [];
  return placesIn(registry).map((place) => {
    const entry = asObject(valueWithoutCopies(text, place));
    return {
      ...{ agent, key: place.name, entry },
      reference: { agent, registryPath: path, entry: describeEntry(place.name, entry) },
      get seen() {
        return sha256Of(text.slice(place.valueAt, place.valueEnd));
      },
    };
  });
}

import { sha256Of } from "../disk/sha256.ts";
import { readGatewayConfig } from "../installation/gateway-config.ts";
import type { AgentRegistry, EntryReference, Installation, Transcript } from "../installation/installation.ts";
import { asObject } from "../registry/bindings.ts";
import { placesIn, valueWithoutCopies } from "../registry/places.ts";
import { describeEntry } from "../registry/read.ts";
import { readSessionKey } from "../registry/session-key.ts";
import { type Duplicate, findDuplicates, findStrays } from "../routing/identity.ts";
import { readRouting } from "../routing/routing.ts";
import { type Destination, findDestination, type Hindrance, type Stuck } from "./destinations.ts";
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

/**
 * A session of an agent that does not get its messages any more. `wanted`: who gets them. `destination`: where it would lie
 * there, or why it cannot go.
 */
export type Strayed = { session: PeerSession; wanted: string; destination: Destination | Stuck; finding: Finding };

/** Sessions of several agents with the same person or group. `wanted`: who gets the messages, where that is sure. */
export type Duplicated = { sessions: PeerSession[]; wanted?: string; finding: Finding };

/** Looks for sessions that the bindings of the gateway's configuration give to another agent, and for those that several have. */
export async function findOfTwoAgents(
  registries: readonly AgentRegistry[],
  installation: Installation,
  { env, homeDirectory }: RegistryContext,
): Promise<{ strays: Strayed[]; duplicates: Duplicated[] }> {
  const { openclaw } = installation;
  if (!openclaw?.config.path || registries.length === 0) return { strays: [], duplicates: [] };
  const { root, problem } = await readGatewayConfig(openclaw.config.path, env);
  const { version } = openclaw.era;
  const routing = readRouting(root, { ...(version ? { version } : {}), ...(problem ? { problem } : {}) });
  const sessions = registries.flatMap(sessionsIn);
  const groups = findDuplicates(sessions, routing);
  const hasOne = new Set(groups.filter(hasWanted).flatMap((group) => group.sessions));
  const canTell = !hasOwnScopes(root);
  const ownTranscript = (session: PeerSession) =>
    transcriptsOf(session, installation).find(({ dialect }) => dialect === "openclaw");
  const strays = findStrays(sessions, routing).map(({ session, agent, wanted, by }): Strayed => {
    const place = () =>
      findDestination(session, wanted, ownTranscript(session), installation, { sound: registries, homeDirectory });
    const isDirect = readSessionKey(session.key, { chatType: session.reference.entry.chatType }).kind === "direct";
    const found = place();
    const hindrance: Hindrance | undefined = hasOne.has(session)
      ? "has-one"
      : isDirect && !canTell
        ? "other-scope"
        : undefined;
    const isTold = hindrance === undefined || ("hindrance" in found && found.hindrance === hindrance);
    const destination = isTold ? found : { hindrance };
    const evidence = { agent, wanted, by };
    const finding: Finding = { kind: "stray-session", severity: "warning", ...about(session), evidence };
    return { session, wanted, destination, finding };
  });
  const duplicates = groups.flatMap((found): Duplicated[] => {
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

/** The transcripts that a session's entry leads to, of both programs. */
export function transcriptsOf({ reference }: PeerSession, { transcripts }: Installation): Transcript[] {
  const { registryPath, entry } = reference;
  return transcripts.filter(({ entries }) =>
    entries.some((one) => one.registryPath === registryPath && one.entry.key === entry.key),
  );
}

function hasWanted({ wanted, sessions }: Duplicate<PeerSession>): boolean {
  return sessions.some(({ agent }) => agent === wanted);
}

/** From 2026.5.28 on a binding may say which messages share a session, and the key of one depends on that. */
function hasOwnScopes(root: unknown): boolean {
  const { bindings } = asObject(root);
  return Array.isArray(bindings) && bindings.some((one) => asObject(asObject(one).session).dmScope !== undefined);
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

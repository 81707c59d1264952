import { readFileSync } from "node:fs";
import type { Settings } from "../config/settings.ts";
import { deriveEntries } from "../derive/derive-entries.ts";
import { lookAt } from "../disk/fingerprint.ts";
import { findGateway, type GatewayState } from "../installation/gateway.ts";
import type { AgentRegistry, EntryReference, Installation } from "../installation/installation.ts";
import { optional } from "../json/optional.ts";
import { diagnoseRegistry, type RegistryFault } from "../registry/diagnose.ts";
import { repeatsNames } from "../registry/places.ts";
import { type Duplicated, findOfTwoAgents, type Strayed, transcriptsOf } from "./agents-of-peers.ts";
import { type CheckedEntry, checkEntries } from "./check-entries.ts";
import type { Finding } from "./finding.ts";
import { type GatewayOffer, gatewayOffer } from "./gateway-offer.ts";
import { findGone } from "./gone-registry.ts";
import { groupBy } from "./group.ts";
import { FRESH_STATUS_MS, useProbe } from "./in-use.ts";
import { findOrphans, type Orphan } from "./orphans.ts";
import { mentionedIn } from "./references.ts";
import { findRemains, type Remains } from "./remains.ts";
import { planRestoration, type Restoration, type RestoredFrom } from "./restoration.ts";
import { findShared } from "./shared-transcripts.ts";
import { areForeign, hasHiddenPart, installationFindings } from "./surroundings.ts";

/**
 * A registry that its gateway does not read as it is meant, or does not read at all, or that is gone. `unsafe`: in words, why it
 * is not restored.
 */
export type BrokenRegistry = { registry: AgentRegistry; finding: Finding; unsafe?: string } & Restoration;

/** Everything that `validate-registry` saw of one installation. */
export type RegistryFacts = {
  findings: Finding[];
  broken: BrokenRegistry[];
  /** entries in which something is wrong, or that lead nowhere */
  entries: CheckedEntry[];
  /** transcripts that no entry leads to */
  orphans: Orphan[];
  /** what runs that were stopped have left of sessions that they moved or retired */
  remains: Remains[];
  strays: Strayed[];
  duplicates: Duplicated[];
  gateway: GatewayState | null;
  offer: GatewayOffer | null;
  foreignPids: boolean;
};

export type RegistryContext = {
  settings: Settings;
  nowMs: number;
  /** in words, why ages can't be trusted in this run */
  brake?: string | undefined;
  env: NodeJS.ProcessEnv;
  homeDirectory: string;
  signal: AbortSignal;
};

/** Holds every registry of an installation against the files, the configuration of the gateway, and the limits. */
export async function inspectRegistries(installation: Installation, context: RegistryContext): Promise<RegistryFacts> {
  const { openclaw, registries, unreadable } = installation;
  const findings = installationFindings(installation).filter(({ kind }) => kind !== "broken-registry");
  const facts: RegistryFacts = {
    ...{ findings, broken: [], entries: [], orphans: [], remains: [], strays: [], duplicates: [] },
    ...{ gateway: null, offer: null },
    foreignPids: areForeign(installation),
  };
  if (!openclaw || openclaw.era.era === "S") return facts;
  const unsettled = new Set<AgentRegistry>();
  for (const registry of registries) {
    if (unreadable.some(({ path }) => path === registry.path)) continue;
    const fault = await findFault(registry, installation, context);
    if (fault === "unsettled") unsettled.add(registry);
    if (!fault || fault === "unsettled") continue;
    const { own, sources, ...told } = fault;
    const restoration = await planRestoration(registry, { own, sources }, installation, context);
    const { entries, lost } = restoration.restored;
    Object.assign(told.finding.evidence, { savedEntries: entries.length, lostParts: lost.length });
    facts.broken.push({ registry, ...told, ...restoration });
  }
  const sound = registries.filter(
    (one) => !one.registry.problem && !facts.broken.some(({ registry }) => registry === one),
  );
  for (const registry of sound) facts.entries.push(...(await checkEntries(registry, installation, context)));
  for (const { registry } of facts.broken) unsettled.add(registry);
  const known = { isKnown: !hasHiddenPart(installation), unsettled };
  if (known.isKnown && unsettled.size === 0) facts.remains = findRemains(installation, context.settings);
  const orphans = await findOrphans(installation, mentionedIn(installation.registries), { ...context, ...known });
  facts.orphans = orphans.filter((one) => !facts.remains.some(({ transcript }) => transcript === one.transcript));
  Object.assign(facts, await findOfTwoAgents(sound, installation, context));
  deriveAll(facts.orphans);
  const { broken, remains, strays, duplicates } = facts;
  const mendable = [broken, facts.orphans, remains, strays, duplicates].some(({ length }) => length > 0);
  if (mendable || facts.entries.some(({ change }) => change))
    facts.gateway = await findGateway(openclaw, facts.foreignPids);
  facts.offer = gatewayOffer(installation, facts.gateway, context.env);
  lookForUse(installation, facts, context);
  for (const { finding, derived } of facts.orphans) if (derived) finding.evidence.repair = "add-entry";
  for (const { change, kept, findings: own } of facts.entries) {
    for (const finding of own)
      if (change && finding !== kept?.finding && PUT_RIGHT.has(finding.kind)) finding.evidence.repair = change.kind;
  }
  for (const { finding, unsafe } of facts.broken) if (!unsafe) finding.evidence.repair = "restore";
  findings.push(
    ...findShared(installation),
    ...facts.broken.map(({ finding }) => finding),
    ...facts.entries.flatMap((entry) => entry.findings),
    ...facts.orphans.map(({ finding }) => finding),
    ...facts.remains.map(({ finding }) => finding),
    ...facts.strays.map(({ finding }) => finding),
    ...facts.duplicates.map(({ finding }) => finding),
  );
  return facts;
}

type Fault = { finding: Finding; unsafe?: string } & Partial<RestoredFrom>;

/** What is wrong with a registry as a whole; undefined for one that every reader reads alike. */
async function findFault(
  registry: AgentRegistry,
  installation: Installation,
  context: RegistryContext,
): Promise<Fault | "unsettled" | undefined> {
  const seen = lookAt(registry.path);
  if (!seen) {
    const gone = await findGone(registry, installation, mentionedIn(installation.registries), context);
    if (!gone || gone === "unsettled") return gone;
    const { finding, sources, hidden } = gone;
    return { finding, sources, ...(hidden ? { unsafe: hidden } : {}) };
  }
  if (registry.registry.problem === "missing") return "unsettled"; // it came since
  if (seen.kind !== "file") return undefined;
  // what was read as JSON has no other fault, and a diagnosis of a large one takes seconds
  if (!registry.registry.problem && !repeatsNames(registry.registry)) return undefined;
  const bytes = readFileSync(registry.path);
  const readsJson5 = installation.openclaw?.era.era === "F1";
  const finding = tellFaults(registry, diagnoseRegistry(bytes, { readsJson5 }));
  // where another one may be in use, what is left of this one is not made whole from the sessions of that
  const unsafe = installation.openclaw?.config.storeUnknown;
  return finding && { finding, own: { bytes, changedMs: seen.fingerprint.mtimeMs }, ...optional("unsafe", unsafe) };
}

/** The entries that forgotten transcripts should have, those of one registry together: each key is given once. */
function deriveAll(orphans: readonly Orphan[]): void {
  for (const [registry, own] of groupBy(orphans, (orphan) => orphan.registry)) {
    const facts = own.flatMap((orphan) => orphan.facts ?? []);
    const taken = registry.registry.entries.map(({ key }) => key);
    for (const { facts: of, derived } of deriveEntries(facts, taken)) {
      const orphan = own.find((one) => one.facts === of);
      if (orphan && derived) orphan.derived = derived;
    }
  }
}

/** A turn keeps a copy of its session's entry, and writes it back whole when it ends. */
function lookForUse(installation: Installation, facts: RegistryFacts, context: RegistryContext): void {
  const changed = facts.entries.filter(({ change }) => change);
  const orphans = facts.orphans.filter(({ derived }) => derived);
  const sessions = [...facts.strays.map(({ session }) => session), ...facts.duplicates.flatMap((one) => one.sessions)];
  const moving = sessions.map((session) => ({ session, transcripts: transcriptsOf(session, installation) }));
  const asked = [...orphans, ...changed, ...facts.remains].flatMap(({ transcript }) => transcript ?? []);
  const all = [...asked, ...moving.flatMap(({ transcripts }) => transcripts)];
  const probe = useProbe(installation, facts.gateway, facts.foreignPids, context, all);
  const note = (one: { inUse?: string }, use: string | undefined) => {
    if (use !== undefined) one.inUse = use;
  };
  for (const one of [...orphans, ...facts.remains]) note(one, probe(one.transcript));
  const running = ({ entry: { status, updatedAt = 0 } }: EntryReference) => {
    const isFresh = status === "running" && context.nowMs - updatedAt < FRESH_STATUS_MS;
    return isFresh && facts.gateway?.state !== "down" ? "its entry says that a turn is running" : undefined;
  };
  for (const entry of changed) note(entry, entry.transcript ? probe(entry.transcript) : running(entry.reference));
  for (const { session, transcripts } of moving) {
    const use = transcripts.map((one) => probe(one)).find((one) => one !== undefined);
    note(session, use ?? running(session.reference));
  }
}

/** Findings that a change of the entry puts right. */
const PUT_RIGHT: ReadonlySet<Finding["kind"]> = new Set<Finding["kind"]>([
  "missing-transcript",
  "null-transcript-path",
  "corrupt-entry",
  "stale-binding",
]);

/** Undefined for a registry that every reader reads alike. */
function tellFaults({ path, agent }: AgentRegistry, faults: readonly RegistryFault[]): Finding | undefined {
  const [first] = faults;
  if (!first) return undefined;
  const { kind, byteOffset, line, wholeEntries, key } = first;
  return {
    kind: "broken-registry",
    severity: "error",
    path,
    agent,
    ...(key === undefined ? {} : { sessionKey: key }),
    line,
    evidence: { problem: kind, faults: faults.map((fault) => fault.kind), byteOffset, wholeEntries },
  };
}

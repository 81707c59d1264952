import { join } from "node:path";
import type { CatalogRecord } from "../archive/catalog.ts";
import { findFalling } from "../archive/falling.ts";
import { createProver, type Distrusted, problemOfArchive } from "../archive/proof.ts";
import type { Settings } from "../config/settings.ts";
import { holdersOfEach } from "../host/processes.ts";
import { findGateway, type GatewayState } from "../installation/gateway.ts";
import type { Installation, Transcript } from "../installation/installation.ts";
import { sessionIdIn } from "../transcript/session-id.ts";
import type { Finding } from "./finding.ts";
import { type GatewayOffer, gatewayOffer } from "./gateway-offer.ts";
import { findGrowing } from "./growth.ts";
import { findIdle, type IdleSession } from "./idle.ts";
import { useProbe } from "./in-use.ts";
import { inspectLeftovers, type SeenLeftover } from "./leftovers.ts";
import { mentionedIn } from "./references.ts";
import { areForeign, hasLostRegistry, hasUnreadablePart, installationFindings } from "./surroundings.ts";
import { findSweepAhead, type SweepAhead } from "./sweep.ts";

/** Everything that `archive` saw of one installation. */
export type ArchiveFacts = {
  findings: Finding[];
  idle: IdleSession[];
  sweep: SweepAhead[];
  leftovers: SeenLeftover[];
  /** archives of earlier runs that no rule keeps, by folder */
  falling: { folder: string; record: CatalogRecord }[];
  /** paths of those that do not hold what the catalog says of them, and of those that stay because the last copy does not */
  distrusted: Set<string>;
  /** asked for only when something depends on it */
  gateway: GatewayState | null;
  offer: GatewayOffer | null;
  foreignPids: boolean;
  /** as long as a registry can't be read, an unbound session may be one that it binds */
  hasBrokenRegistry: boolean;
};

type Context = {
  settings: Settings;
  archiveFolders: readonly string[];
  nowMs: number;
  /** in words, why ages can't be trusted in this run */
  brake?: string | undefined;
  env: NodeJS.ProcessEnv;
  signal: AbortSignal;
};

/** Looks for what has been idle for long, what lies about, what the vendor's sweep will delete, and archives that are too many. */
export async function inspectForArchive(installation: Installation, context: Context): Promise<ArchiveFacts> {
  const foreignPids = areForeign(installation);
  const isSqlite = installation.openclaw?.era.era === "S";
  const mentioned = once(() => mentionedIn([...installation.registries, ...installation.neighbours]));
  const isReferenced = ({ sessionId, path }: Transcript) =>
    [sessionId, sessionIdIn(sessionId), path.slice(path.lastIndexOf("/") + 1)].some(isMentioned);
  const isMentioned = (name: string) => mentioned().has(name);
  const elsewhere = once(() => mentionedIn(installation.neighbours));
  const isOthers = ({ dialect, sessionId }: Transcript) => dialect === "claude-code" && elsewhere().has(sessionId);
  const looked = isSqlite ? withoutOpenClaw(installation) : installation;
  const hasBrokenRegistry = hasUnreadablePart(installation) || hasLostRegistry(installation);
  const idle = await findIdle(looked, { isReferenced, isOthers }, context);
  const idlePaths = new Set(idle.flatMap(({ transcripts }) => transcripts.map(({ path }) => path)));
  const sweep = findSweepAhead(installation, context);
  const leftovers = isSqlite
    ? []
    : await inspectLeftovers(installation, mentioned, { ...context, foreignPids, hasBrokenRegistry });
  const growing = await findGrowing(installation, ({ path }) => idlePaths.has(path), context);
  const facts: ArchiveFacts = {
    findings: [...installationFindings(installation), ...growing],
    ...{ idle, sweep, leftovers, foreignPids },
    falling: [],
    distrusted: new Set(),
    ...{ gateway: null, offer: null },
    hasBrokenRegistry,
  };
  await lookForUse(installation, facts, context);
  for (const folder of context.archiveFolders) await lookAtArchives(folder, facts, context);
  facts.findings.push(
    ...idle.flatMap(({ findings }) => findings),
    ...sweep.map(({ finding }) => finding),
    ...leftovers.map(({ finding }) => finding),
  );
  return facts;
}

/** Files of sessions that were moved into a database are that database's originals. */
function withoutOpenClaw(installation: Installation): Installation {
  const transcripts = installation.transcripts.filter(({ dialect }) => dialect !== "openclaw");
  return { ...installation, transcripts };
}

function once<Value>(make: () => Value): () => Value {
  let made: { value: Value } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/** Fills in who uses what is to go, and whether a gateway runs where that matters. */
async function lookForUse(installation: Installation, facts: ArchiveFacts, context: Context): Promise<void> {
  const { idle, leftovers } = facts;
  if (idle.length === 0 && leftovers.length === 0) return;
  const { openclaw } = installation;
  if (openclaw) facts.gateway = await findGateway(openclaw, facts.foreignPids);
  facts.offer = gatewayOffer(installation, facts.gateway, context.env);
  const probe = useProbe(
    installation,
    facts.gateway,
    facts.foreignPids,
    context,
    idle.flatMap(({ transcripts }) => transcripts),
  );
  for (const session of idle) {
    const inUse = session.unsafe
      ? undefined
      : session.transcripts.map((one) => probe(one)).find((use) => use !== undefined);
    if (inUse) session.inUse = inUse;
  }
  const holders = holdersOfEach(leftovers.map(({ transcript }) => transcript.fingerprint));
  for (const [index, leftover] of leftovers.entries()) {
    const pid = holders[index]?.[0]?.pid;
    if (pid !== undefined) leftover.inUse = `process ${pid} has it open`;
  }
}

async function lookAtArchives(folder: string, facts: ArchiveFacts, context: Context): Promise<void> {
  const { keep } = context.settings.archive;
  const { falling, gone, bytes, archives } = findFalling(folder, keep, context.nowMs);
  const prove = createProver(folder, context.signal);
  for (const { record, lastCopy } of falling) {
    const path = join(folder, record.archive);
    const problem = await problemOfArchive(record, folder, context.signal);
    const distrusted = problem === undefined ? await prove(lastCopy) : { record, problem };
    if (!distrusted) {
      facts.falling.push({ folder, record });
      continue;
    }
    facts.distrusted.add(path);
    tellDistrusted(distrusted, folder, facts.findings);
  }
  facts.falling.push(...gone.map((record) => ({ folder, record })));
  if (bytes <= keep.maxBytes) return;
  const evidence = { bytes, limitBytes: keep.maxBytes, archives };
  facts.findings.push({ kind: "archives-too-large", severity: "warning", path: folder, evidence });
}

/** Several older archives may stay because of the same damaged one. */
function tellDistrusted({ record, problem }: Distrusted, folder: string, findings: Finding[]): void {
  const { archive, sessionId } = record;
  const path = join(folder, archive);
  if (findings.some((finding) => finding.kind === "unverified-archive" && finding.path === path)) return;
  findings.push({ kind: "unverified-archive", severity: "error", path, sessionId, evidence: { archive, problem } });
}

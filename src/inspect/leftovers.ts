import { basename } from "node:path";
import type { Settings } from "../config/settings.ts";
import { lookAt } from "../disk/fingerprint.ts";
import { isAlive } from "../host/processes.ts";
import type { Installation, Transcript } from "../installation/installation.ts";
import { findLeftovers, type Leftover } from "../installation/leftovers.ts";
import { prunesItself } from "../installation/pruning.ts";
import { parseRow } from "../transcript/contents.ts";
import { createLineSplitter, readPieces } from "../transcript/lines.ts";
import { openTranscript, unsafeBecause } from "../transcript/open.ts";
import { copyOf, isLasting } from "./copied.ts";
import type { Finding } from "./finding.ts";

/** A file that is no session of today's, and what is known of whether it may go. */
export type SeenLeftover = {
  leftover: Leftover;
  /** the file as something that can be archived */
  transcript: Transcript;
  finding: Finding;
  /** something may still be rescued from it */
  isNeeded: boolean;
  unsafe?: string;
  inUse?: string;
};

type Context = {
  settings: Settings;
  nowMs: number;
  foreignPids: boolean;
  hasBrokenRegistry: boolean;
  signal: AbortSignal;
};

const MINUTE_MS = 60_000;
/** A gateway gives up its own drafts after this long. */
const REGISTRY_DRAFT_MS = 5 * MINUTE_MS;
const REPAIR_DRAFT_MS = 60 * MINUTE_MS;
/** Backups that the gateway made of a registry, which a broken one may be restored from. */
const KEPT_BACKUPS = 3;

/**
 * Looks for leftovers that are old enough to go, each kind by its own rule. `mentioned`: what the registries name, see
 * `mentionedIn`. Names of no known kind are told as well, and left alone.
 */
export async function inspectLeftovers(
  installation: Installation,
  mentioned: () => ReadonlySet<string>,
  context: Context,
): Promise<SeenLeftover[]> {
  const all = findLeftovers(installation);
  const newestBackups = newestOf(all);
  const seen: SeenLeftover[] = [];
  for (const leftover of all) {
    context.signal.throwIfAborted();
    const there = lookAt(leftover.path);
    if (!there || (there.kind === "folder" && leftover.rule !== "unknown")) continue;
    const ageMs = context.nowMs - Math.max(there.fingerprint.mtimeMs, pastTime(leftover.namedAtMs, context.nowMs));
    const isInReach = leftover.rule === "unknown" || ageMs > limitOf(leftover, context);
    if (!isInReach || newestBackups.has(leftover) || isKept(leftover, mentioned)) continue;
    const transcript: Transcript = {
      dialect: "openclaw",
      path: leftover.path,
      sessionId: leftover.sessionId ?? basename(leftover.path),
      group: leftover.agent,
      entries: [],
      inWorkspace: false,
      ...there,
    };
    const isHistory = leftover.rule === "deleted" || leftover.rule === "reset";
    const isPruned = isHistory && prunesItself(installation.openclaw?.config);
    const copy = isPruned ? copyOf(transcript, installation, context.settings) : undefined;
    if (copy && isLasting(copy)) continue;
    const unsafe = leftover.rule === "unknown" ? undefined : unsafeBecause(leftover.path);
    seen.push({
      leftover,
      transcript,
      finding: tell(leftover, transcript, ageMs),
      isNeeded: await isNeeded(leftover, installation, context),
      ...(unsafe ? { unsafe } : {}),
    });
  }
  return seen;
}

function tell({ rule, path, agent, sessionId }: Leftover, { fingerprint }: Transcript, ageMs: number): Finding {
  return {
    kind: "leftover",
    severity: "info",
    path,
    agent,
    ...(sessionId === undefined ? {} : { sessionId }),
    evidence: { rule, bytes: fingerprint.sizeBytes, ageMs: Math.max(0, Math.round(ageMs)) },
  };
}

/** How old it has to be (milliseconds). Of a process in another container nobody knows whether it lives. */
function limitOf({ rule, pid }: Leftover, { settings, foreignPids }: Context): number {
  if (rule === "registry-draft") return REGISTRY_DRAFT_MS;
  if (rule !== "repair-draft") return settings.archive.leftoversAfter;
  const isDead = pid !== undefined && !foreignPids && !isAlive(pid);
  return isDead ? REPAIR_DRAFT_MS : settings.archive.leftoversAfter;
}

/** A time in a name that lies in the future says nothing. */
function pastTime(namedAtMs: number | undefined, nowMs: number): number {
  return namedAtMs !== undefined && namedAtMs <= nowMs ? namedAtMs : 0;
}

function newestOf(leftovers: readonly Leftover[]): Set<Leftover> {
  const backups = leftovers.filter(({ rule }) => rule === "registry-backup");
  const registries = new Set(backups.map(({ registryPath }) => registryPath));
  return new Set(
    [...registries].flatMap((path) =>
      backups
        .filter(({ registryPath }) => registryPath === path)
        .toSorted((a, b) => (b.namedAtMs ?? 0) - (a.namedAtMs ?? 0))
        .slice(0, KEPT_BACKUPS),
    ),
  );
}

/** A registry entry leads to it. */
function isKept({ rule, path }: Leftover, mentioned: () => ReadonlySet<string>): boolean {
  if (rule === "checkpoint") return mentioned().has(basename(path));
  return rule === "prompt" && mentioned().has(basename(path, ".txt"));
}

async function isNeeded(
  leftover: Leftover,
  { registries }: Installation,
  { signal, hasBrokenRegistry }: Context,
): Promise<boolean> {
  const { rule, mainPath, registryPath } = leftover;
  if (rule === "checkpoint" || rule === "prompt") return hasBrokenRegistry; // an entry of it may name them
  if (registryPath !== undefined) {
    const problem = registries.find(({ path }) => path === registryPath)?.registry.problem;
    return problem !== undefined; // it may be the only good copy
  }
  if (mainPath === undefined) return false;
  if (rule === "repair-backup" || rule === "repair-draft") return !(await parses(mainPath, signal));
  // a session that lost its header is mended from this copy
  if (rule === "compaction-backup" && lookAt(mainPath)) return !(await parses(mainPath, signal));
  return false;
}

/** True for a transcript that begins with its header and of which every line can be read. */
async function parses(path: string, signal: AbortSignal): Promise<boolean> {
  const seen = lookAt(path);
  if (seen?.kind !== "file") return false;
  const file = await openTranscript(path, seen.fingerprint);
  try {
    let [isFirst, isWhole] = [true, true];
    const onLine = (line: Buffer) => {
      const row = parseRow(line);
      isWhole &&= row !== undefined && (!isFirst || (row.type === "session" && typeof row.id === "string"));
      isFirst = false;
    };
    const splitter = createLineSplitter(onLine, () => {
      isWhole = false;
    });
    for await (const piece of readPieces(file, 0, seen.fingerprint.sizeBytes)) {
      signal.throwIfAborted();
      splitter.push(piece);
      if (!isWhole) return false;
    }
    splitter.end();
    return isWhole && !isFirst;
  } finally {
    await file.close();
  }
}

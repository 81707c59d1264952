import { readdirSync } from "node:fs";
import { basename, dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Settings } from "../config/settings.ts";
import { lookAt } from "../disk/fingerprint.ts";
import type { AgentRegistry, Installation } from "../installation/installation.ts";
import { lockRulesOf } from "../installation/lock-rules.ts";
import { lockPathOf } from "../locks/gateway-lock.ts";
import { judgeHere, type LockRules } from "../locks/judge-here.ts";
import { readLock } from "../locks/lock-file.ts";
import { type RegistrySource, readSources } from "../registry/sources.ts";
import type { Finding } from "./finding.ts";
import { NEWBORN_MS } from "./in-use.ts";
import { areForeign, hasHiddenPart } from "./surroundings.ts";

/**
 * A registry that was there and is not. `sources`: the copies of it. `hidden`: in words, why what it was made of cannot all be
 * read, or may be another one's. `unsettled`: its gateway is putting it in its place in this very moment, or a later release has
 * taken it over, so that nothing can be said of its sessions.
 */
export type GoneRegistry = { finding: Finding; sources: RegistrySource[]; hidden?: string } | "unsettled";

/**
 * Tells of a registry that is not there while copies of it, or transcripts that it must have led to, are. Undefined where
 * nothing shows that there ever was one, where another one is used instead, or where its folder is not to be seen: what lies in
 * a home that vanished is not missing.
 */
export async function findGone(
  registry: AgentRegistry,
  installation: Installation,
  mentioned: ReadonlySet<string>,
  { settings, nowMs, brake }: { settings: Settings; nowMs: number; brake?: string | undefined },
): Promise<GoneRegistry | undefined> {
  const { agent, path, registry: read, isLeft } = registry;
  if (read.problem !== "missing" || isLeft || hasHiddenPart(installation)) return undefined;
  if (lookAt(dirname(path))?.kind !== "folder") return undefined;
  if (wasTakenOver(path)) return "unsettled";
  const { sources, leftOut } = readSources(path);
  const told = sources.filter(({ salvage }) => salvage.entries.length > 0);
  const sealed = leftOut.find(({ why }) => why === "unreadable" || why === "too-large" || why === "keeps-changing");
  const transcripts = transcriptsOf(registry, installation, mentioned, nowMs);
  const copies = [...told, ...(sealed ? [sealed] : [])].map((one) => basename(one.path));
  if (copies.length === 0 && transcripts === 0) return undefined;
  const rules = lockRulesOf(installation, settings, { foreignPids: areForeign(installation), brake });
  if (await isBeingWritten(path, rules)) return "unsettled";
  const evidence = { problem: "missing", copies, transcripts };
  const finding: Finding = { kind: "broken-registry", severity: "error", path, agent, evidence };
  const hidden = sealed ? `its copy ${sealed.path} is ${WORDS[sealed.why]}` : misplaced(installation);
  return { finding, sources, ...(hidden ? { hidden } : {}) };
}

const WORDS: Record<string, string> = {
  unreadable: "not readable for this user",
  "too-large": "too large to be read",
  "keeps-changing": "being written",
};

/** Of a gateway that was told to use a configuration elsewhere, its registries may lie elsewhere, too. */
function misplaced({ openclaw }: Installation): string | undefined {
  return openclaw?.config.path === null
    ? "its home holds no configuration, and one elsewhere (OPENCLAW_CONFIG_PATH) may say that the registry is elsewhere, too"
    : undefined;
}

/**
 * How many transcripts of its folder only this registry can have led to. In a folder of its own, elsewhere, an empty place may
 * be a disk that is not mounted: what lies in another folder does not tell that the registry was there.
 */
function transcriptsOf(
  { path, sessions }: AgentRegistry,
  { transcripts }: Installation,
  mentioned: ReadonlySet<string>,
  nowMs: number,
): number {
  if (dirname(path) !== sessions) return 0;
  return transcripts.filter(
    ({ dialect, path: transcript, sessionId, entries, fingerprint }) =>
      dialect === "openclaw" &&
      dirname(transcript) === sessions &&
      entries.length === 0 &&
      fingerprint.sizeBytes > 0 &&
      nowMs - fingerprint.mtimeMs >= NEWBORN_MS &&
      !mentioned.has(sessionId) &&
      !mentioned.has(basename(transcript)),
  ).length;
}

/** Releases that keep sessions in SQLite give the registry another name once they have taken it over. */
function wasTakenOver(path: string): boolean {
  const names = [".migrated", ".imported"].map((ending) => `${basename(path)}${ending}`);
  return readdirSync(dirname(path)).some((name) => names.some((start) => name.startsWith(start)));
}

/** Some releases give their registry another name for the moment in which they write a new one, under its lock. */
const WRITING_MS = 2000;
const POLL_MS = 50;

async function isBeingWritten(path: string, rules: LockRules): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < WRITING_MS; waitedMs += POLL_MS) {
    if (lookAt(path)) return true;
    const lock = readLock(lockPathOf(path));
    if (!lock || judgeHere(lock, rules).state === "stale") return false;
    await sleep(POLL_MS);
  }
  return false;
}

import type { GatewayState } from "./gateway.ts";
import type { Installation, Transcript } from "./installation.ts";

/** How a given OpenClaw stores sessions: file eras F1 to F3b, S for SQLite, `unknown` for files of an unknown release. */
export type Era = "F1" | "F2" | "F3a" | "F3b" | "S" | "unknown";

/** Something that tells which release wrote a state folder. `atLeast`: a sign on disk that only gives a lower bound. */
export type EraWitness = {
  source: "configured" | "gateway" | "lastTouched" | "path" | "disk";
  era: Exclude<Era, "unknown">;
  atLeast?: boolean;
  version?: string;
};

export type EraVerdict = {
  era: Era;
  /** The version that decided, where one did. */
  version?: string;
  /** In words: what told us. */
  because: string;
};

const STRICTNESS = ["F1", "F2", "F3a", "F3b", "S"] as const;

/**
 * The era of a release, or undefined for a version text of no known form.
 *
 * Versions are year.month.number. The releases from 2026.7.33 on are an extended-stable line of 2026.7.1 and keep files,
 * although the betas of 2026.7.2 before them use SQLite. Between two releases that were looked at, the stricter era holds.
 */
export function eraOfVersion(version: string): Exclude<Era, "unknown"> | undefined {
  const match = /^v?(\d{4})\.(\d{1,2})\.(\d{1,3})(-[a-z].*)?/i.exec(version.trim());
  if (!match) return undefined;
  const [year, month, number] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const isPrerelease = match[4] !== undefined;
  const isUpTo = (m: number, n: number) =>
    year < 2026 || (year === 2026 && (month < m || (month === m && number <= n)));
  if (isUpTo(2, 16)) return "F1";
  if (isUpTo(4, 29)) return "F2";
  if (isUpTo(5, 7)) return "F3a";
  if (!isUpTo(7, 999) || (month === 7 && number >= 2 && isPrerelease)) return "S";
  return "F3b";
}

/**
 * Puts the witnesses together. Session tables in SQLite decide alone. Else the strictest of the running gateway's own package
 * and of what the person configured, or else of what last wrote the gateway's configuration: an update puts another package
 * in the place of the one that runs. Without a gateway what the person configured decides, else the strictest of what is left.
 * A sign on disk raises the era but never lowers it.
 */
export function decideEra(witnesses: readonly EraWitness[]): EraVerdict {
  const sqlite = witnesses.find(({ source, era }) => source === "disk" && era === "S");
  if (sqlite) return { era: "S", because: "the agent databases hold the sessions" };
  const bounds = witnesses.filter(({ atLeast }) => atLeast);
  const has = (wanted: EraWitness["source"]) => witnesses.some(({ source }) => source === wanted);
  const unheard = new Set<EraWitness["source"]>();
  if (has("configured")) unheard.add("lastTouched");
  if (has("configured") || has("gateway")) unheard.add("path");
  const voices = witnesses.filter(({ source, atLeast }) => !atLeast && !unheard.has(source));
  const voice = strictest(voices);
  if (!voice) return { era: "unknown", because: "nothing tells which release wrote it, so the strictest rules hold" };
  const bound = strictest(bounds);
  const deciding = bound && STRICTNESS.indexOf(bound.era) > STRICTNESS.indexOf(voice.era) ? bound : voice;
  return {
    era: deciding.era,
    ...(deciding.version ? { version: deciding.version } : {}),
    because: SOURCES[deciding.source],
  };
}

/** How a registry may be edited while a gateway may live. */
export function registryLocking(era: Era): "locked" | "gateway-down" | "never" {
  if (era === "S") return "never";
  return era === "F1" || era === "F2" ? "locked" : "gateway-down";
}

/** From 2026.5.12 on the gateway takes a transcript lock from any live owner that does not look like OpenClaw. */
export function evictsForeignOwners(era: Era): boolean {
  return era === "F3b" || era === "unknown";
}

/** Why a transcript must not be rewritten now; undefined when it may be, or when it belongs to no gateway. */
export function blockedBecause(
  { dialect, path }: Pick<Transcript, "dialect" | "path">,
  { openclaw }: Pick<Installation, "openclaw">,
  gateway: GatewayState | null,
): { because: "sqlite-era" | "gateway-up"; detail?: string } | undefined {
  if (dialect !== "openclaw" || !openclaw || !path.startsWith(`${openclaw.home}/`)) return undefined;
  const { era } = openclaw.era;
  if (era === "S") return { because: "sqlite-era" };
  // such a gateway takes the lock from us in the middle of our work
  if (evictsForeignOwners(era) && gateway?.state !== "down")
    return { because: "gateway-up", ...(gateway ? { detail: gateway.because } : {}) };
  return undefined;
}

const SOURCES = {
  configured: "the configured version",
  gateway: "the running gateway's own package",
  lastTouched: "the release that last wrote the gateway's configuration",
  path: "the openclaw command on the PATH",
  disk: "signs on disk of a later release",
} satisfies Record<EraWitness["source"], string>;

function strictest(witnesses: readonly EraWitness[]): EraWitness | undefined {
  return witnesses.toSorted((a, b) => STRICTNESS.indexOf(b.era) - STRICTNESS.indexOf(a.era))[0];
}

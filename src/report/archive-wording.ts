import { formatDuration, formatSize } from "../config/units.ts";
import type { FindingKind } from "../inspect/finding.ts";
import type { LeftoverRule } from "../installation/leftovers.ts";
import type { SparedReason } from "../plan/plan.ts";

type Evidence = Record<string, unknown>;
type ArchiveKind = Extract<FindingKind, "idle-session" | "leftover" | "sweep-ahead" | "growing" | "archives-too-large">;

/** Every sentence about what is idle, left over, or about to be deleted. */
export const ARCHIVE_FINDINGS = {
  "idle-session": (e) =>
    `${size(e.bytes)}; nothing has happened in it for ${span(e.idleMs)}${e.isRegistered ? "" : ", and no registry entry leads to it"}`,
  leftover: (e) => `${LEFTOVERS[e.rule as LeftoverRule]}; ${size(e.bytes)}, ${span(e.ageMs)} old`,
  "sweep-ahead": (e) =>
    typeof e.files === "number"
      ? `tool results beside it (${e.files}, ${size(e.bytes)}) are old: Claude Code deletes each after ${e.days} days, and there is no copy of them`
      : `Claude Code deletes it when it starts after ${day(e.sweptFrom)} UTC (${e.days} days without a change), and there is no copy of its ${size(e.bytes)}`,
  growing: (e) => `${size(e.bytes)}${growth(e)}`,
  "archives-too-large": (e) =>
    `the archives hold ${size(e.bytes)}, more than archive.keep.maxBytes (${size(e.limitBytes)}), and each is the last copy of its session: move some elsewhere, or raise the limit`,
} satisfies Record<ArchiveKind, (evidence: Evidence) => string>;

const LEFTOVERS: Record<LeftoverRule, string> = {
  deleted: "what a deleted session held",
  reset: "what a session held before it was reset",
  "compaction-backup": "a session as it was before a compaction",
  "repair-backup": "a session as it was before the gateway mended it",
  "repair-draft": "a repair that was broken off",
  checkpoint: "a copy from before a compaction that no registry entry names",
  "registry-draft": "a write of the registry that was broken off",
  "registry-backup": "an old copy of the registry",
  prompt: "a prompt that no registry entry names",
  unknown: "a name that no known program gives",
};

/** Why `archive` leaves something alone, and what a person can do about it. */
export const SPARED_BY_ARCHIVE = {
  pinned: () => "it is pinned, so it stays",
  "prunes-itself": () =>
    "OpenClaw prunes it by itself, because session.maintenance.mode is enforce; two that prune by different rules would fight",
  "idle-gateway-up": (detail) =>
    `${detail}, and this release does not share its registry: stop the gateway and run session-keeper archive`,
  referenced: () => "no registry entry leads to it, but one names it, so it is not forgotten",
  "recovery-source": () => "what it is a copy of is broken or gone, so it may be needed to mend that",
  "unknown-name": () => "it stays, because nothing tells what it is",
} satisfies Partial<Record<SparedReason, (detail: string) => string>>;

/** How fast something grows, and what it reaches when. */
export function growth({ bytesPerDay, reaches, reachesAt }: Evidence): string {
  if (typeof bytesPerDay !== "number") return "";
  const when = typeof reachesAt === "string" ? `, so it reaches ${size(reaches)} about ${day(reachesAt)}` : "";
  return `; it grows by ${size(bytesPerDay)} a day${when}`;
}

function size(bytes: unknown): string {
  return typeof bytes === "number" ? formatSize(bytes) : "some bytes";
}

function span(ms: unknown): string {
  return formatDuration(Number(ms));
}

function day(iso: unknown): string {
  return String(iso).slice(0, 16).replace("T", " ");
}

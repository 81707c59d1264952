import type { EraVerdict } from "../installation/era.ts";
import { type Check, linesOf } from "./check.ts";
import type { OpenClawSettings } from "./openclaw-settings.ts";

const line = linesOf("OpenClaw");

/** What the guides of those who ran such bots came to. */
const GUIDE = { contextTokens: 100_000, keepLastAssistants: 50, reserveTokensFloor: 25_000 } as const;
/** What OpenClaw takes when nobody says otherwise. */
const OPENCLAW_DEFAULTS = { reserveTokensFloor: 20_000, pruneAfterMs: 30 * 86_400_000 } as const;

/** `problem`: why the gateway's configuration could not be read whole. */
export type OpenClawFacts = {
  home: string;
  era: EraVerdict;
  hasRegistries: boolean;
  configPath: string | null;
  problem?: string;
  settings: OpenClawSettings;
};

/** Which OpenClaw it is, and which of its settings let sessions grow or are at odds with ours. Pure. */
export function checkOpenClaw(facts: OpenClawFacts, { inactiveForMs }: { inactiveForMs: number }): Check[] {
  const { configPath, problem, settings, era } = facts;
  const checks = [checkEra(facts)];
  if (problem !== undefined) checks.push(line("openclaw-config-unread", "warning", { problem }));
  if (configPath === null || problem !== undefined || era.era === "S") return checks;
  return [...checks, ...checkContext(settings, configPath), ...checkMaintenance(settings, configPath, inactiveForMs)];
}

function checkEra({ home, era, hasRegistries }: OpenClawFacts): Check {
  const evidence = { era: era.era, version: era.version ?? null, because: era.because };
  if (era.era === "unknown")
    return hasRegistries
      ? line("openclaw-unknown", "warning", evidence, home)
      : line("openclaw-unused", "ok", evidence, home);
  return line(era.era === "S" ? "openclaw-sqlite" : "openclaw-known", "ok", evidence, home);
}

function checkContext(settings: OpenClawSettings, path: string): Check[] {
  const { contextTokens = null, pruningMode = null, keepLastAssistants = null } = settings;
  const floor = settings.reserveTokensFloor ?? OPENCLAW_DEFAULTS.reserveTokensFloor;
  const isLarge = contextTokens === null || contextTokens > GUIDE.contextTokens;
  return [
    ...(isLarge ? [line("context-large", "advice", { contextTokens, guide: GUIDE.contextTokens }, path)] : []),
    ...(pruningMode === "cache-ttl"
      ? []
      : [
          line(
            "pruning-off",
            "advice",
            { mode: pruningMode, keepLastAssistants, guide: GUIDE.keepLastAssistants },
            path,
          ),
        ]),
    ...(floor < GUIDE.reserveTokensFloor
      ? [line("reserve-small", "advice", { reserveTokensFloor: floor, guide: GUIDE.reserveTokensFloor }, path)]
      : []),
    ...(!isLarge && pruningMode === "cache-ttl" && floor >= GUIDE.reserveTokensFloor
      ? [line("context-bounded", "ok", { contextTokens, reserveTokensFloor: floor }, path)]
      : []),
  ];
}

/** Where its owner told OpenClaw to prune, `archive` leaves that to it and copies before; a shorter period takes it all away. */
function checkMaintenance(settings: OpenClawSettings, path: string, inactiveForMs: number): Check[] {
  const { maintenanceMode, maxEntries = null, maxDiskBytes } = settings;
  const isOn = maintenanceMode === "enforce";
  const pruneAfterMs = settings.pruneAfterMs ?? OPENCLAW_DEFAULTS.pruneAfterMs;
  const evidence = { pruneAfterMs, inactiveForMs, maxEntries };
  const checks: Check[] = [];
  if (isOn && pruneAfterMs < inactiveForMs) checks.push(line("pruner-first", "warning", evidence, path));
  else if (isOn) checks.push(line("pruner-leads", "ok", evidence, path));
  if (maxDiskBytes !== undefined && maintenanceMode !== "warn")
    checks.push(line("disk-budget", "advice", { maxDiskBytes }, path));
  return checks;
}

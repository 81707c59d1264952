import { duration, readQuantity, size } from "../config/units.ts";

/** What the gateway's configuration says on the size and the life of sessions. Tokens, bytes, milliseconds; absent: not said. */
export type OpenClawSettings = {
  contextTokens?: number;
  pruningMode?: string;
  keepLastAssistants?: number;
  reserveTokensFloor?: number;
  maintenanceMode?: string;
  pruneAfterMs?: number;
  maxEntries?: number;
  maxDiskBytes?: number;
};

const DAY_MS = 86_400_000;

/** Reads what bears on sessions out of the gateway's whole configuration. What is ill-formed is left out. Pure. */
export function openClawSettings(root: unknown): OpenClawSettings {
  const agents = part(part(root, "agents"), "defaults");
  const maintenance = part(part(root, "session"), "maintenance");
  const pruning = part(agents, "contextPruning");
  return withoutGaps({
    contextTokens: numberIn(agents, "contextTokens"),
    pruningMode: textIn(pruning, "mode"),
    keepLastAssistants: numberIn(pruning, "keepLastAssistants"),
    reserveTokensFloor: numberIn(part(agents, "compaction"), "reserveTokensFloor"),
    maintenanceMode: textIn(maintenance, "mode"),
    pruneAfterMs: durationOf(value(maintenance, "pruneAfter") ?? value(maintenance, "pruneDays")),
    maxEntries: numberIn(maintenance, "maxEntries"),
    maxDiskBytes: bytesOf(value(maintenance, "maxDiskBytes")),
  });
}

/** A bare number counts days there. */
function durationOf(raw: unknown): number | undefined {
  const text = typeof raw === "number" ? String(raw) : typeof raw === "string" ? raw.trim().toLowerCase() : "";
  return /^\d+(\.\d+)?$/.test(text) ? Number(text) * DAY_MS : readQuantity(duration, text);
}

/** A bare number counts bytes there, and a unit may lack its B. */
function bytesOf(raw: unknown): number | undefined {
  if (typeof raw === "number") return raw;
  if (typeof raw !== "string") return undefined;
  const text = raw.trim().toUpperCase();
  return /^\d+$/.test(text) ? Number(text) : readQuantity(size, text.endsWith("B") ? text : `${text}B`);
}

function part(of: unknown, name: string): Record<string, unknown> {
  const found = value(of, name);
  return typeof found === "object" && found !== null ? (found as Record<string, unknown>) : {};
}

function value(of: unknown, name: string): unknown {
  return typeof of === "object" && of !== null ? (of as Record<string, unknown>)[name] : undefined;
}

function numberIn(of: unknown, name: string): number | undefined {
  const found = value(of, name);
  return typeof found === "number" && Number.isFinite(found) ? found : undefined;
}

function textIn(of: unknown, name: string): string | undefined {
  const found = value(of, name);
  return typeof found === "string" && found !== "" ? found : undefined;
}

function withoutGaps(all: { [Key in keyof OpenClawSettings]: OpenClawSettings[Key] | undefined }): OpenClawSettings {
  return Object.fromEntries(Object.entries(all).filter(([, one]) => one !== undefined)) as OpenClawSettings;
}

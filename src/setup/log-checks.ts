import { type Check, linesOf } from "./check.ts";
import type { LogFact } from "./log-facts.ts";

const line = linesOf("logs");
/** A gateway that lives writes a line at least as often as this. */
const QUIET_MS = 24 * 3_600_000;

/** Whether what the API rejects can be read in the gateway's logs. `isUp`: the gateway lives. Pure. */
export function checkLogs(logs: readonly LogFact[], hasGateway: boolean, isUp: boolean, nowMs: number): Check[] {
  if (logs.length === 0) return hasGateway ? [line("log-none", isUp ? "warning" : "advice")] : [];
  const checks = logs.map((log) => judge(log, nowMs));
  const isQuiet =
    isUp && logs.length > 0 && logs.every((log) => log.state === "readable" && nowMs - log.mtimeMs > QUIET_MS);
  const newest = Math.max(...logs.map((log) => (log.state === "readable" ? log.mtimeMs : 0)));
  return isQuiet ? [...checks, line("log-quiet", "warning", { idleMs: nowMs - newest })] : checks;
}

function judge(log: LogFact, nowMs: number): Check {
  switch (log.state) {
    case "readable":
      return line(
        "log-readable",
        "ok",
        { sizeBytes: log.sizeBytes, idleMs: Math.max(0, nowMs - log.mtimeMs) },
        log.path,
      );
    case "unreadable":
      return line("log-unreadable", "error", { errno: log.errno }, log.path);
    case "missing":
      return line("log-missing", log.isConfigured ? "warning" : "advice", {}, log.source);
    case "journal":
      return log.hasLines
        ? line("journal-readable", "ok", { unit: unitOf(log) })
        : line("journal-silent", "warning", { unit: unitOf(log) });
    case "journal-failed":
      return line("journal-failed", "error", { unit: unitOf(log), says: log.says });
  }
}

function unitOf({ source }: LogFact): string {
  return source.slice("journal:".length);
}

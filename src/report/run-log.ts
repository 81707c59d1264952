import type { Settings } from "../config/settings.ts";
import type { ReportDocument } from "./document.ts";

/**
 * Adds what a run did to the configured log, one JSON line an event, for machines that collect logs. A run that found
 * nothing adds nothing, unless the level is `debug` or finer. Ids, sizes and reasons only, never content.
 *
 * @throws the system's error when the file can't be written; its folder is not made
 */
export async function writeRunLog({ file, level }: Settings["log"], report: ReportDocument): Promise<void> {
  if (file === null) return;
  const events = eventsOf(report);
  let next = events.next();
  if (next.done && level !== "debug" && level !== "trace") return;
  const { default: pino } = await import("pino");
  const destination = pino.destination({ dest: file, sync: true, mode: 0o600 });
  const { runId, command, version, exitCode, durationMs, summary } = report;
  const log = pino(
    { level, base: { tool: report.tool, version, runId, command }, timestamp: pino.stdTimeFunctions.isoTime },
    destination,
  );
  for (; !next.done; next = events.next()) {
    const { level: of, text, ...facts } = next.value;
    log[of](facts, text);
  }
  log.info({ exitCode, durationMs, ...summary }, "run ended");
  destination.flushSync();
  destination.end();
}

type Event = { level: "info" | "warn" | "error"; text: string } & Record<string, unknown>;

function* eventsOf({ installations, error }: ReportDocument): Generator<Event, undefined> {
  for (const { name: installation, actions, findings, failure } of installations) {
    for (const { kind, severity, resolved, sessionId, path, message: text } of findings) {
      if (severity === "info" || resolved) continue;
      yield { level: severity === "error" ? "error" : "warn", text, installation, kind, sessionId, path };
    }
    for (const { kind, result, sessionId, path, message: text } of actions)
      yield { level: result === "failed" ? "error" : "info", text, installation, kind, result, sessionId, path };
    if (failure) yield { level: "error", text: failure.message, installation, code: failure.code };
  }
  if (error) yield { level: "error", text: error.message, code: error.code };
}

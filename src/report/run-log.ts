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
  if (events.length === 0 && level !== "debug" && level !== "trace") return;
  const { default: pino } = await import("pino");
  const destination = pino.destination({ dest: file, sync: true, mode: 0o600 });
  const { runId, command, version, exitCode, durationMs, summary } = report;
  const log = pino(
    { level, base: { tool: report.tool, version, runId, command }, timestamp: pino.stdTimeFunctions.isoTime },
    destination,
  );
  for (const { level: of, text, ...facts } of events) log[of](facts, text);
  log.info({ exitCode, durationMs, ...summary }, "run ended");
  destination.flushSync();
  destination.end();
}

type Event = { level: "info" | "warn" | "error"; text: string } & Record<string, unknown>;

function eventsOf({ installations, error }: ReportDocument): Event[] {
  const events: Event[] = installations.flatMap(({ name: installation, actions, findings, failure }) => [
    ...findings
      .filter(({ severity, resolved }) => severity !== "info" && !resolved)
      .map(
        ({ kind, severity, sessionId, path, message }): Event => ({
          level: severity === "error" ? "error" : "warn",
          text: message,
          installation,
          kind,
          sessionId,
          path,
        }),
      ),
    ...actions.map(
      ({ kind, result, sessionId, path, message }): Event => ({
        level: result === "failed" ? "error" : "info",
        text: message,
        installation,
        kind,
        result,
        sessionId,
        path,
      }),
    ),
    ...(failure ? [{ level: "error", text: failure.message, installation, code: failure.code } satisfies Event] : []),
  ]);
  return error ? [...events, { level: "error", text: error.message, code: error.code }] : events;
}

import { copyFileSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { projectNamesOf } from "../../src/installation/paths.ts";
import { type Home, makeHome, sessionsFolder } from "./home.ts";

const folder = join(import.meta.dirname, "..", "..", "fixtures", "incident");
/** When its owner's crontab looked, on that day. */
const CRON = Date.parse("2026-02-08T16:55:00.000Z");

export const incidentSession = "4f1d6a7c-9b02-4c4e-8a51-2d7e90c3b816";
export const incidentKey = "agent:main:telegram:direct:1000200030";

/** The home of the incident, its times moved so that 16:55 on that day is now. */
export function makeIncident(
  options: { home?: Home; log?: (text: string) => string } = {},
): Home & { transcript: string; registry: string } {
  const home = options.home ?? makeHome();
  const shift = (text: string) => moveTimes(text, Date.now() - CRON);
  const transcript = join(home.claude, "projects", projectNamesOf(home.workspace)[0] ?? "", `${incidentSession}.jsonl`);
  mkdirSync(dirname(transcript), { recursive: true });
  writeFileSync(transcript, shift(readFileSync(join(folder, "session.jsonl"), "utf8")), { mode: 0o600 });
  const lastWrite = (Date.now() - CRON + Date.parse("2026-02-08T16:53:00.000Z")) / 1000;
  utimesSync(transcript, lastWrite, lastWrite);
  writeFileSync(home.log, (options.log ?? ((text) => text))(shift(readFileSync(join(folder, "jarvis.log"), "utf8"))));
  const registry = join(sessionsFolder(home), "sessions.json");
  copyFileSync(join(folder, "sessions.json"), registry);
  return { ...home, transcript, registry };
}

/** Moves every ISO time in a text by so many milliseconds. */
function moveTimes(text: string, ms: number): string {
  return text.replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, (time) =>
    new Date(Date.parse(time) + ms).toISOString(),
  );
}

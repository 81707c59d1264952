/**
 * A line of a gateway's log: when it was written (epoch ms), where it says so, and its text without colour codes.
 *
 * Read are an ISO time with `Z` or an offset at the line's start, and in JSON lines `_meta.date`, then `time`,
 * `timestamp` and `ts` (ISO, or seconds or milliseconds since 1970). A time of day alone, or a time without a zone,
 * dates nothing. JSON lines stay as they are, so quotes in their text are escaped.
 */
export function parseLogLine(line: string): { at?: number; text: string } {
  const text = (line.includes("\u001b") || line.includes("\\u001b") ? line.replace(COLOUR, "") : line).trimEnd();
  const at = timeOf(text);
  return at === undefined ? { text } : { at, text };
}

/** What a line names a session by, without knowing whether such a session exists. */
export type NamedSessions = { keys: string[]; sessionIds: string[]; toolIds: string[] };

/**
 * The session keys (`lane=session:<key>`), UUIDs and tool ids in a line. The lane `main` names no session; a UUID that the
 * line itself calls the id of something else (`runId=`, `"request_id":`, …) neither. In JSON lines a key ends at the
 * escaped quote.
 */
export function sessionsNamedIn(line: string): NamedSessions {
  return {
    keys: distinct([...line.matchAll(LANE)].map(([, key = ""]) => withoutClosing(key))),
    sessionIds: distinct([...line.matchAll(UUID)].map(([id]) => id.toLowerCase())),
    toolIds: distinct([...line.matchAll(TOOL_ID)].map(([id]) => id)),
  };
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: colour codes begin with the escape character
const COLOUR = /(?:\u001b|\\u001b)\[[0-9;:?]*[A-Za-z]/g;

/** A syslog prefix, a container name as `docker compose` prints it, or a level may stand before the time. */
const PREFIX =
  /^(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \S{1,64} \S{1,64}: |[\w.-]{1,64}\s{1,32}\| |\[?(?:TRACE|DEBUG|INFO|WARN|WARNING|ERROR|FATAL)\]?:? )/i;
const ISO = /^\s{0,8}\[?(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d{1,9}))?\s?(?:(Z)|([+-]\d\d):?(\d\d))(?![\d:])/;

const LANE = /\blane=\\{0,16}["']?session:([^\s"'`\\]+)/g;
const UUID =
  /(?<!\b(?:(?:run|request|trace|span|message|turn|job|event|conn|connection|client|device|account|organization)_?id|uuid)["'\\]{0,8}\s?[=:]\s?["'\\]{0,8})(?<![0-9a-f])[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?![0-9a-f])/gi;
// `call_` also begins names of fields; an id has a digit in it.
const TOOL_ID = /(?<![A-Za-z0-9_])(?:(?:srv)?toolu_[A-Za-z0-9_-]+|call_(?=[A-Za-z_-]{0,64}\d)[A-Za-z0-9_|-]+)/g;

function timeOf(text: string): number | undefined {
  const start = PREFIX.exec(text)?.[0].length ?? 0;
  const rest = start > 0 ? text.slice(start) : text;
  return rest.startsWith("{") ? timeOfJson(rest) : timeOfIso(rest);
}

function timeOfIso(text: string): number | undefined {
  const match = ISO.exec(text.length > 128 ? text.slice(0, 128) : text);
  if (!match) return undefined;
  const [, day, time, fraction = "0", zulu, hours, minutes] = match;
  const at = Date.parse(`${day}T${time}.${fraction.slice(0, 3).padEnd(3, "0")}${zulu ?? `${hours}:${minutes}`}`);
  return Number.isNaN(at) ? undefined : at;
}

function timeOfJson(text: string): number | undefined {
  try {
    const row = JSON.parse(text);
    for (const value of [row._meta?.date, row.time, row.timestamp, row.ts]) {
      const at = typeof value === "string" ? timeOfIso(value) : timeOfNumber(value);
      if (at !== undefined) return at;
    }
  } catch {
    // not JSON after all, or cut off: such a line has no date of its own
  }
  return undefined;
}

/** Seconds or milliseconds since 1970: until the year 5138 a number tells which of the two it is. */
function timeOfNumber(value: unknown): number | undefined {
  if (typeof value !== "number" || !(value > 1e8 && value < 1e13)) return undefined;
  return Math.round(value < 1e11 ? value * 1000 : value);
}

/** Without the marks of a sentence or of JSON that stand behind it. */
function withoutClosing(key: string): string {
  let end = key.length;
  while (end > 0 && ",;:.)]}".includes(key[end - 1] ?? "")) end -= 1;
  return key.slice(0, end);
}

function distinct(values: string[]): string[] {
  return [...new Set(values.filter((value) => value !== ""))];
}

import { asRow, asText, type Row } from "../dialects/dialect.ts";

/**
 * The session keys that lines name together with a session's id, by that id: of gateway logs (as text or as JSON), of the
 * records of cron runs (`cron/runs/<job>.jsonl`) and of traces (`<id>.trajectory.jsonl`). A line that names a run links what
 * other lines say of the same run. An id that lines give different keys has none. Pure; never throws.
 */
export function sessionKeysIn(lines: Iterable<string>): Map<string, string> {
  const keys = new Map<string, Set<string>>();
  const runs = new Map<string, { ids: Set<string>; keys: Set<string> }>();
  for (const line of lines) {
    if (!line.includes("ession")) continue;
    for (const { id, key, run } of namedIn(line)) {
      if (id !== undefined && key !== undefined) addTo(keys, id, key);
      if (run === undefined) continue;
      const known = runs.get(run) ?? { ids: new Set(), keys: new Set() };
      runs.set(run, known);
      if (id !== undefined) known.ids.add(id);
      if (key !== undefined) known.keys.add(key);
    }
  }
  for (const { ids, keys: named } of runs.values()) for (const id of ids) for (const key of named) addTo(keys, id, key);
  return new Map([...keys].flatMap(([id, named]) => (named.size === 1 ? [[id, [...named][0] ?? ""]] : [])));
}

type Named = { id?: string | undefined; key?: string | undefined; run?: string | undefined };

/** What stands in the place of a key or an id that the gateway does not know. */
const NOTHING = /^(?:unknown|undefined|null|none|n\/a|-)$/i;
const ID = /^[A-Za-z0-9][A-Za-z0-9._-]{7,127}$/;
const KEY = /^[^\s"'`\\{}]{3,512}$/;

/** A JSON line says it in members of its own, or of the values that a log's line is made of, or in the text of one. */
function namedIn(line: string): Named[] {
  const row = parse(line);
  if (!row) return [named(line)];
  const parts = Object.entries(row).filter(([name]) => /^\d+$/.test(name) || name === "message" || name === "msg");
  const texts = parts.flatMap(([, value]) => (typeof value === "string" ? [named(value)] : []));
  const objects = [row, ...parts.map(([, value]) => asRow(value))].map(({ sessionId, sessionKey, runId }) =>
    valid(asText(sessionId), asText(sessionKey), asText(runId)),
  );
  return [...objects, ...texts];
}

/** `sessionId=… sessionKey=…` as diagnostics write it. What a person typed may stand behind, so the first of each counts. */
function named(text: string): Named {
  const key = /\bsessionKey=([^\s,;]+)/.exec(text)?.[1] ?? /\blane=session:([^\s,;]+)/.exec(text)?.[1];
  return valid(/\bsessionId=([^\s,;]+)/.exec(text)?.[1], key, /\brunId=([^\s,;]+)/.exec(text)?.[1]);
}

function valid(id: string | undefined, key: string | undefined, run: string | undefined): Named {
  const given = (value: string | undefined, shape: RegExp) =>
    value !== undefined && shape.test(value) && !NOTHING.test(value) ? value : undefined;
  return { id: given(id, ID), key: given(key, KEY), run: given(run, ID) };
}

function parse(line: string): Row | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    return asRow(JSON.parse(line));
  } catch {
    return undefined;
  }
}

function addTo(map: Map<string, Set<string>>, name: string, value: string): void {
  const values = map.get(name);
  if (values) values.add(value);
  else map.set(name, new Set([value]));
}

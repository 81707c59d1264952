import type { DamageKind } from "../structure/damage.ts";
import { parseLogLine, sessionsNamedIn } from "./line.ts";
import { findSignature, type Signature } from "./signatures.ts";

/** What an error that a person pasted tells: whom it names, and what to look for there. Each list in the order of the text. */
export type PastedError = {
  /** The signature that the text matches; of several the strongest. */
  signature?: string;
  /** What its signatures point to, the likeliest first. */
  points: DamageKind[];
  /** Ids of calls, those that the error complains of first. */
  toolIds: string[];
  /** UUIDs in lower case, and whatever the text calls the id of a session. */
  sessionIds: string[];
  /** Keys of a registry, as the text spells them. */
  sessionKeys: string[];
  /** `messages.N.content.M` of the request that was refused, both counted from 0. */
  positions: { message: number; block?: number }[];
};

/**
 * Reads a pasted error: one of the API's (as text or as its JSON body), or lines of a log, plain or JSON, escaped however
 * often, in colours, wrapped and indented by a terminal, quoted by a chat, with the quotes of a word processor. Takes any
 * text without an error; of more than a million characters it reads the first million.
 *
 * @param extra the person's own signatures, beside the table
 */
export function readPastedError(text: string, extra: readonly Signature[] = []): PastedError {
  const lines = plainLines(text.slice(0, LIMIT_CHARS));
  // A terminal breaks sentences where its window ends.
  const whole = lines.join(" ").replace(/\s+/g, " ");
  const found = [...lines, whole]
    .flatMap((line) => findSignature(line, extra) ?? [])
    .sort((a, b) => RANK[b.severity] - RANK[a.severity]);
  const named = sessionsNamedIn(whole);
  const ofSessions = sessionUuids(whole);
  return {
    ...(found[0] ? { signature: found[0].name } : {}),
    points: distinct(found.flatMap(({ points }) => points)),
    toolIds: distinct([...blamedIds(whole), ...named.toolIds]),
    sessionIds: distinct([
      ...matches(whole, SESSION_ID).map((id) => (UUID.test(id) ? id.toLowerCase() : id)),
      ...named.sessionIds.filter((id) => ofSessions.has(id)),
    ]).filter((id) => !NOTHING.test(id)),
    sessionKeys: distinct([...named.keys, ...matches(whole, SESSION_KEY), ...matches(whole, AGENT_KEY)]),
    positions: positionsIn(whole),
  };
}

const LIMIT_CHARS = 1024 * 1024;
const RANK = { info: 1, warning: 2, error: 3 } as const;

/** The text as lines without escapes, colours, frames and marks of quoting, and with quotes and hyphens that ASCII has. */
function plainLines(text: string): string[] {
  const plain = text
    .replace(/\\{1,32}u([0-9a-f]{4})/gi, (_, code) => String.fromCharCode(Number.parseInt(code, 16)))
    .replace(/\\{1,32}[nrt]/g, "\n")
    .replace(/\\{1,32}(?=["'`])/g, "")
    .replace(/[\u2018-\u201b\u2032\u00b4]/g, "'")
    .replace(/[\u201c-\u201f\u2033]/g, '"')
    .replace(/[\u2010-\u2015\u2212]/g, "-")
    .replace(/[\u200b-\u200d\u2060\u00ad\ufeff]/g, "")
    .replace(FRAMES, " ")
    // No id is as long; shortened, such runs cost little to search.
    .replace(/[\w|-]{513,}/g, (run) => run.slice(0, 512))
    .replace(/[,;:.)\]}]{33,}/g, (run) => run.slice(0, 32));
  return plain
    .split(/[\r\n]+/)
    .map((line) =>
      parseLogLine(line)
        .text.replace(LOST_COLOUR, "")
        .replace(/^\s*(?:>\s?)*/, ""),
    )
    .filter((line) => line.trim() !== "");
}

/** Frames around a message, and the marks that Claude Code puts before one. */
const FRAMES = /[\u2500-\u259f\u23bf\u23fa\u25cf]/g;

/** Colours whose escape character became visible, or was lost on the way. */
const LOST_COLOUR = /(?:\^\[|\u241b|\\e|\\x1b|\\033)?\[[0-9;]{0,16}m/gi;

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Between a name and its value, with their quotes. */
const IS = String.raw`["'\x60]{0,2}\s?[=:]\s?["'\x60]{0,2}`;
const SESSION_ID = new RegExp(String.raw`\bsession[_ -]?id${IS}([a-z0-9][\w.:@-]{0,254})`, "gi");
const SESSION_KEY = new RegExp(String.raw`\bsession[_ -]?key${IS}([^\s"'\x60\\]+)`, "gi");
const AGENT_KEY = /(?<![\w:])(agent:[a-z0-9][\w-]{0,63}:[^\s"'`\\]+)/gi;
const NOTHING = /^(?:null|undefined|none|unknown|true|false)$/i;

/** What the API's sentences call the ids they complain of; other vendors' ids have no prefix to know them by. */
const BLAMED =
  /(?:_result["'`]{0,2} blocks|immediately after|blocks with id):\s?((?:["'`]?[^\s,"'`]{1,200}["'`]?,\s?){0,99}["'`]?[^\s,"'`]{1,200})/g;
const CALL_ID = /\b(?:tool_?use_?id|tool_?call_?id|call_?id)["'`]{0,2}\s?[=:]\s?["'`]([^\s"'`]{1,200})["'`]/gi;

function blamedIds(text: string): string[] {
  const blamed = matches(text, BLAMED).flatMap((list) => list.split(","));
  return [...blamed.map((id) => trimmed(id.replace(/["'`\s]/g, ""))), ...matches(text, CALL_ID)];
}

/** UUIDs that the text does not call the id of something else, such as a row's `parentUuid`. */
function sessionUuids(text: string): Set<string> {
  const uuids = [...text.matchAll(UUIDS)].filter(({ index }) => {
    const label = LABEL.exec(text.slice(Math.max(0, index - 64), index))?.[1];
    return label === undefined || /session|conversation/i.test(label);
  });
  return new Set(uuids.map(([uuid]) => uuid.toLowerCase()));
}

const UUIDS = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi;
const LABEL = /([a-z_]{0,40}(?:uuid|id))["'`]{0,2}\s?[=:]\s?["'`]{0,2}$/i;

function positionsIn(text: string): PastedError["positions"] {
  const positions = [...text.matchAll(POSITION)].map(([, message, block]) => ({
    message: Number(message),
    ...(block === undefined ? {} : { block: Number(block) }),
  }));
  return [...new Map(positions.map((position) => [JSON.stringify(position), position])).values()];
}

const POSITION = /\bmessages[.[](\d{1,9})\]?(?:\.content[.[](\d{1,9}))?/g;

function matches(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map(([, part = ""]) => trimmed(part));
}

/** Without the marks that end the sentence or the bracket around it. */
const trimmed = (text: string) => text.replace(/[,;:.)\]}]+$/, "");

const distinct = <T extends string>(values: T[]): T[] => [...new Set(values.filter((value) => value !== ""))];

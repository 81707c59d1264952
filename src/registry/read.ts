import { constants as bufferConstants, isUtf8 } from "node:buffer";
import { closeSync, readFileSync } from "node:fs";
import { type Fingerprint, fingerprintOfDescriptor, isUnchanged } from "../disk/fingerprint.ts";
import { errnoOf, KeeperError } from "../errors.ts";
import { JsonTextError, type NestedMember } from "../json/json-text.ts";
import { asObject, type Binding, bindingsOf, isObject } from "./bindings.ts";
import { openForReading, unreadable } from "./open.ts";
import { placesIn, repeatsNames, valueWithoutCopies } from "./places.ts";

/** What a session's entry says, as far as it has the expected types. */
export type RegistryEntry = {
  /** The session key in its stored spelling. */
  key: string;
  sessionId?: string;
  /** Milliseconds since 1970. */
  updatedAt?: number;
  /** As stored: usually absolute, possibly as a container sees it. */
  sessionFile?: string;
  /** `running`, `done`, `failed`, …: also left behind by crashes. */
  status?: string;
  chatType?: string;
  channel?: string;
  /** In the session's context; absent where the entry says itself that its counter is out of date. */
  totalTokens?: number;
  bindings: Binding[];
  pinned: boolean;
};

export type RegistryProblem = "missing" | "empty" | "unparsable" | "not-an-object" | "duplicate-keys";

/** An agent's `sessions.json` as it was at one moment. */
export type Registry = {
  path: string;
  /** Turns back into the very same bytes as UTF-8. Empty when the bytes are no UTF-8, and once it is not needed any more. */
  text: string;
  /** Of the file that was read; absent when there is none. */
  fingerprint?: Fingerprint;
  /** In the order of the file, integer-like keys first. */
  entries: RegistryEntry[];
  /** How many entries are no objects. */
  corrupt: number;
  problem?: RegistryProblem;
};

export type ReadOptions = {
  /** Also look for repeated names, which costs a second pass over the text. Edits refuse them in any case. */
  checkNames?: boolean;
  /**
   * It as it was read before: given back where it is large and the file is still the same. A small one may have been written
   * twice within one tick of the clock that its time is of.
   */
  known?: Registry | undefined;
};

/**
 * Reads a registry. Follows no link, waits for no pipe, writes nothing.
 *
 * @throws KeeperError when the path is no regular file, or can't be read
 */
export function readRegistry(path: string, options: ReadOptions = {}): Registry {
  const known = options.known && options.known.text.length > LARGE_CHARACTERS ? options.known : undefined;
  const file = readWhole(path, known?.fingerprint);
  if (file === "unchanged" && known) return known;
  if (file === undefined || file === "unchanged")
    return { path, text: "", entries: [], corrupt: 0, problem: "missing" };
  const { bytes, fingerprint } = file;
  if (bytes.length > bufferConstants.MAX_STRING_LENGTH) throw unreadable(path, "it is too large");
  const registry: Registry = { path, text: "", fingerprint, entries: [], corrupt: 0 };
  if (bytes.length === 0) return { ...registry, problem: "empty" };
  if (!isUtf8(bytes)) return { ...registry, problem: "unparsable" };
  registry.text = bytes.toString("utf8");
  const places = registry.text.length > LARGE_CHARACTERS ? placesByName(registry) : undefined;
  const value = places ?? parse(registry.text);
  if (value === undefined) return { ...registry, problem: registry.text.trim() === "" ? "empty" : "unparsable" };
  if (!isObject(value)) return { ...registry, problem: "not-an-object" };
  for (const key of Object.keys(value)) {
    const place = places?.[key];
    const entry = place ? valueWithoutCopies(registry.text, place) : value[key];
    if (isObject(entry)) registry.entries.push(describeEntry(key, entry));
    else registry.corrupt += 1;
  }
  if (options.checkNames && repeatsNames(registry)) registry.problem = "duplicate-keys";
  return registry;
}

type Reading = { bytes: Buffer; fingerprint: Fingerprint };

/** Reads until the file kept still meanwhile: what writes in place would else show half a registry, which reads as broken. */
function readWhole(path: string, known: Fingerprint | undefined): Reading | "unchanged" | undefined {
  for (let attempt = 1; attempt <= 5; attempt += 1) {
    const descriptor = openForReading(path);
    if (descriptor === undefined) return undefined;
    try {
      const fingerprint = fingerprintOfDescriptor(descriptor);
      if (known && isUnchanged(known, fingerprint)) return "unchanged";
      const bytes = readFileSync(descriptor);
      if (isUnchanged(fingerprint, fingerprintOfDescriptor(descriptor))) return { bytes, fingerprint };
    } catch (error) {
      if (error instanceof KeeperError) throw error;
      throw unreadable(path, errnoOf(error) ?? "unknown error", error);
    } finally {
      closeSync(descriptor);
    }
  }
  throw unreadable(path, "it keeps changing while being read");
}

/** Undefined for text that is not JSON, which no JSON text can turn into. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** To parse all of a registry takes several times its size in memory; beyond this, entries are parsed one by one. */
const LARGE_CHARACTERS = 4_000_000;

/** Where the entries stand, in the order and under the names that `JSON.parse` gives them; undefined for what is no object. */
function placesByName(registry: Registry): Record<string, NestedMember> | undefined {
  try {
    return Object.fromEntries(placesIn(registry).map((place) => [place.name, place]));
  } catch (error) {
    if (error instanceof JsonTextError) return undefined;
    throw error;
  }
}

/** What an entry says, whatever it holds. */
export function describeEntry(key: string, entry: Record<string, unknown>): RegistryEntry {
  const sessionId = textOf(entry.sessionId);
  const sessionFile = textOf(entry.sessionFile);
  const status = textOf(entry.status);
  const chatType = textOf(entry.chatType) ?? textOf(asObject(entry.origin).chatType);
  // Very old entries call it provider.
  const channel = textOf(entry.channel) ?? textOf(entry.provider);
  return {
    key,
    ...(sessionId !== undefined && { sessionId }),
    ...(typeof entry.updatedAt === "number" && { updatedAt: entry.updatedAt }),
    ...(sessionFile !== undefined && { sessionFile }),
    ...(status !== undefined && { status }),
    ...(chatType !== undefined && { chatType }),
    ...(channel !== undefined && { channel }),
    ...(hasFreshTokens(entry) && { totalTokens: entry.totalTokens }),
    bindings: bindingsOf(entry),
    pinned: Boolean(entry.pinnedAt),
  };
}

/** Whether an entry's counter of tokens counts. */
export function hasFreshTokens(entry: Record<string, unknown>): entry is { totalTokens: number } {
  return typeof entry.totalTokens === "number" && entry.totalTokens > 0 && entry.totalTokensFresh !== false;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

import { isUtf8 } from "node:buffer";
import { findMembers, isObjectAt, JsonTextError } from "../json/json-text.ts";
import { BYTE_ORDER_MARK, endBeforeNuls, toByteText } from "./byte-text.ts";
import { skipJson5Space } from "./json5-value.ts";
import type { WholeMember } from "./read-member.ts";
import { settleRepeatedFields } from "./repeated-fields.ts";
import { type Walk, walkDocument } from "./walk-document.ts";

/** What can be wrong with the text of a registry. */
type RegistryFaultKind =
  /** no bytes, or nothing but white space: read as a registry without sessions, and written over as such */
  | "empty"
  /** NULs at its end, or nothing else: blocks that a power cut left unwritten */
  | "nul-padding"
  /** only releases that read JSON5 pass over it; to all others the registry is empty */
  | "byte-order-mark"
  /** the gateway replaces what is no UTF-8 as it reads, and writes the replacements */
  | "not-utf8"
  /** it breaks off */
  | "truncated"
  | "unparsable"
  | "not-an-object"
  /** comments, last commas and the like: releases that want JSON read an empty registry */
  | "json5"
  /** a key twice, or a field of an entry or of its bindings: readers take the last */
  | "duplicate-keys";

/** A fault and where it is; nothing of what stands there. */
export type RegistryFault = {
  kind: RegistryFaultKind;
  /** Where it breaks or differs from what it ought to be; of a repetition, where it is in the way: the second one. */
  byteOffset: number;
  /** From 1. */
  line: number;
  /** How many whole entries stand before that place. */
  wholeEntries: number;
  /** The key that is repeated, or whose entry repeats a field. */
  key?: string;
};

/**
 * All that is wrong with the text of a registry, in the order of the text; none: every release reads it, and all readers alike.
 *
 * @param bytes no more than fit into a string
 * @param readsJson5 the gateway that it belongs to reads JSON5 (2026.2.9 and before), so that is no fault
 */
export function diagnoseRegistry(bytes: Buffer, { readsJson5 }: { readsJson5: boolean }): RegistryFault[] {
  const whole = toByteText(bytes);
  const text = whole.slice(0, endBeforeNuls(whole));
  const hasMark = text.startsWith(BYTE_ORDER_MARK);
  const start = hasMark ? BYTE_ORDER_MARK.length : 0;
  const hasNuls = text.length < whole.length;
  const walk = walkDocument(text, start);
  let found: Found[] = [];
  if (hasMark && !readsJson5) found.push({ kind: "byte-order-mark", at: 0 });
  if (!isUtf8(bytes)) found.push({ kind: "not-utf8", at: firstNotUtf8(bytes) });
  const isBlank = text.slice(start).trim() === "";
  if (isBlank && !hasNuls) found.push({ kind: "empty", at: start });
  if (!isBlank) found = found.concat(faultsOfDocument(text, start, walk, readsJson5), repetitions(walk.members));
  if (hasNuls) found.push({ kind: "nul-padding", at: text.length });
  return locate(
    found.sort((a, b) => a.at - b.at),
    whole,
    walk.members,
  );
}

type Found = { kind: RegistryFaultKind; at: number; key?: string };

/** In one pass over the text, for all of them. */
function locate(found: Found[], text: string, members: WholeMember[]): RegistryFault[] {
  let line = 1;
  let wholeEntries = 0;
  let lineEnd = text.indexOf("\n");
  return found.map(({ at, ...fault }) => {
    for (; lineEnd >= 0 && lineEnd < at; lineEnd = text.indexOf("\n", lineEnd + 1)) line += 1;
    while ((members[wholeEntries]?.end ?? Number.POSITIVE_INFINITY) <= at) wholeEntries += 1;
    return { ...fault, byteOffset: at, line, wholeEntries };
  });
}

function faultsOfDocument(text: string, start: number, walk: Walk, readsJson5: boolean): Found[] {
  if (walk.state === "cut") return [{ kind: "truncated", at: text.length }];
  if (walk.state === "broken") return [{ kind: "unparsable", at: walk.end }];
  if (walk.state === "no-object") return [{ kind: isJson(text, start) ? "not-an-object" : "unparsable", at: walk.end }];
  const rest = skipJson5Space(text, walk.end) ?? walk.end;
  if (rest < text.length) return [{ kind: "unparsable", at: rest }];
  const strictlyBreaksAt = readsJson5 ? undefined : breakOf(text, start);
  return strictlyBreaksAt === undefined ? [] : [{ kind: "json5", at: strictlyBreaksAt }];
}

/** Where it stops being JSON; undefined when it is, all of it. */
function breakOf(text: string, start: number): number | undefined {
  try {
    // What is before is no more than a mark.
    findMembers(start === 0 ? text : `${" ".repeat(start)}${text.slice(start)}`);
    return undefined;
  } catch (error) {
    if (error instanceof JsonTextError) return error.offset;
    throw error;
  }
}

function isJson(text: string, start: number): boolean {
  try {
    JSON.parse(text.slice(start));
    return true;
  } catch {
    return false;
  }
}

function repetitions(members: WholeMember[]): Found[] {
  const seen = new Set<string>();
  return members.flatMap(({ key, at, json }) => {
    const isRepeated = seen.has(key) || (isObjectAt(json, 0) && settleRepeatedFields(json).dropped > 0);
    seen.add(key);
    return isRepeated ? [{ kind: "duplicate-keys", at, key }] : [];
  });
}

/** What is UTF-8 comes out of reading and writing as it went in. */
function firstNotUtf8(bytes: Buffer): number {
  const again = Buffer.from(bytes.toString("utf8"));
  let at = 0;
  while (at < bytes.length && bytes[at] === again[at]) at += 1;
  return at;
}

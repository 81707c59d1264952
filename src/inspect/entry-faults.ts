import { basename, dirname, isAbsolute, normalize } from "node:path";
import type { Era } from "../installation/era.ts";
import { isObject } from "../registry/bindings.ts";

/** What is wrong with a field of an entry. `isNull`: it ought to hold a path, and holds nothing. */
export type FieldFault = { field: string; problem: string; isNull?: boolean };

/** What an entry is judged by: where its transcript may lie, and how the gateway's paths read here. */
export type EntryRules = { era: Era; folders: readonly string[]; toHere: (path: string) => string };

const SESSION_ID = /^[A-Za-z0-9][A-Za-z0-9._:@-]{0,254}$/;
/** A home that was moved, or is seen from inside a container, has another beginning. */
const IN_SESSIONS_FOLDER = /\/agents\/[^/]+\/sessions\/[^/]+$/;

const TEXTS = [
  ...["chatType", "channel", "groupId", "subject", "displayName", "label", "status"],
  ...["lastChannel", "lastTo", "lastAccountId", "model", "modelProvider", "spawnedBy", "parentSessionKey"],
];
const COUNTS = [
  "totalTokens",
  "inputTokens",
  "outputTokens",
  "contextTokens",
  "compactionCount",
  "cacheRead",
  "cacheWrite",
];
const OBJECTS = [
  "origin",
  "deliveryContext",
  "cliSessionIds",
  "cliSessionBindings",
  "skillsSnapshot",
  "systemPromptReport",
  "acp",
];
const PATHS = ["sessionFile", "transcriptPath"];

/**
 * The fields of an entry that no release writes like that. Unknown fields are not judged. Pure.
 *
 * @param entry the value of the key, an object
 */
export function faultsOf(entry: Record<string, unknown>, rules: EntryRules): FieldFault[] {
  const faults: FieldFault[] = [];
  const add = (field: string, problem: string) => faults.push({ field, problem });
  const { sessionId, updatedAt, sessionFile } = entry;
  if (typeof sessionId !== "string" || !SESSION_ID.test(sessionId) || sessionId.includes(".."))
    add("sessionId", sessionId === undefined ? "is missing" : "is no id that a release accepts");
  if (!isTime(updatedAt)) add("updatedAt", updatedAt === undefined ? "is missing" : "is no time");
  for (const field of PATHS) {
    const value = entry[field];
    if (value === null || (typeof value === "string" && value.trim() === ""))
      faults.push({ field, problem: "is empty", isNull: true });
    else if (value !== undefined && typeof value !== "string") add(field, "is no text");
  }
  if (typeof sessionFile === "string" && sessionFile.trim() !== "" && !isInside(sessionFile, rules))
    add("sessionFile", "lies outside the sessions folder, so the gateway passes over it");
  for (const field of TEXTS) if (isWrong(entry, field, (value) => typeof value === "string")) add(field, "is no text");
  for (const field of COUNTS) if (isWrong(entry, field, isCount)) add(field, "is no count");
  for (const field of OBJECTS) if (isWrong(entry, field, isObject)) add(field, "is no object");
  return faults;
}

function isWrong(entry: Record<string, unknown>, field: string, isRight: (value: unknown) => boolean): boolean {
  return Object.hasOwn(entry, field) && entry[field] !== undefined && !isRight(entry[field]);
}

function isTime(value: unknown): boolean {
  return typeof value === "number" && Number.isFinite(value) && value > 0 && value < 8.64e15;
}

function isCount(value: unknown): boolean {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}

/** Only the oldest releases take a transcript from anywhere; of an unknown one it can't be said that it does not. */
export function takesAnyPath(era: Era): boolean {
  return era === "F1" || era === "unknown";
}

function isInside(sessionFile: string, { era, folders, toHere }: EntryRules): boolean {
  if (takesAnyPath(era)) return true;
  if (basename(sessionFile) === "..") return false;
  const here = toHere(sessionFile.trim());
  if (!isAbsolute(here)) return !normalize(here).startsWith(".."); // counts from the sessions folder
  return folders.includes(dirname(here)) || (IN_SESSIONS_FOLDER.test(sessionFile) && !sessionFile.includes("/../"));
}

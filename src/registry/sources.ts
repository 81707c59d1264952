import { constants as bufferConstants } from "node:buffer";
import { closeSync, constants, fstatSync, openSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fingerprintOfDescriptor, isUnchanged } from "../disk/fingerprint.ts";
import { errnoOf } from "../errors.ts";
import { toByteText } from "./byte-text.ts";
import { mentionsAny } from "./names.ts";
import { type Salvage, salvageRegistry } from "./salvage.ts";

/** A file beside a registry that holds an earlier state of it, or one that never took its place. */
export type RegistrySource = {
  path: string;
  origin: "temp" | "backup";
  /** Milliseconds since 1970: when its content was current, as far as its name and the time of its last change tell. */
  writtenMs: number;
  salvage: Salvage;
};

/** A file that was passed over. */
export type SourceLeftOut = {
  path: string;
  why: "is-a-link" | "no-regular-file" | "too-large" | "unreadable" | "keeps-changing" | "holds-no-entry";
};

/**
 * The temporary files and backups beside a registry, each with what could be saved from it, the newest first. Follows no link,
 * waits for no pipe, writes nothing. A folder that can't be listed has none.
 *
 * @param about only entries that mention one of these ids and file names are wanted, and sources that hold such: ten copies of a
 *   large registry fit into no memory
 */
export function readSources(
  registryPath: string,
  about?: ReadonlySet<string>,
): { sources: RegistrySource[]; leftOut: SourceLeftOut[] } {
  const sources: RegistrySource[] = [];
  const leftOut: SourceLeftOut[] = [];
  for (const name of namesIn(dirname(registryPath)).sort()) {
    const kind = kindOf(basename(registryPath), name);
    if (kind === undefined) continue;
    const path = join(dirname(registryPath), name);
    const read = readBytes(path);
    if (typeof read === "string") leftOut.push({ path, why: read });
    if (read === undefined || typeof read === "string") continue;
    if (about && !mayMention(read.bytes, about)) continue;
    const whole = salvageRegistry(read.bytes);
    const salvage = about ? onlyAbout(about, whole) : whole;
    // A whole registry without entries tells something: that there were none by then.
    if (salvage.entries.length === 0 && !salvage.isWhole) leftOut.push({ path, why: "holds-no-entry" });
    else sources.push({ path, origin: kind.origin, writtenMs: writtenMs(read.mtimeMs, kind.named), salvage });
  }
  return { sources: sources.sort((a, b) => b.writtenMs - a.writtenMs), leftOut };
}

/** So few names are looked for as they are, which needs no text of the bytes. */
const FEW_NAMES = 20;

function mayMention(bytes: Buffer, names: ReadonlySet<string>): boolean {
  return names.size <= FEW_NAMES
    ? [...names].some((name) => bytes.includes(name))
    : mentionsAny(toByteText(bytes), names);
}

/** Their texts are copied: a part of a large text would keep all of it in memory. */
function onlyAbout(names: ReadonlySet<string>, salvage: Salvage): Salvage {
  const entries = salvage.entries.filter(({ text }) => mentionsAny(text, names));
  return { ...salvage, entries: entries.map((entry) => ({ ...entry, text: Buffer.from(entry.text).toString() })) };
}

type NamedTime = { ms: number; isLocal: boolean };

const UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";
const TEMP = new RegExp(`^\\.(?:\\d+\\.)?${UUID}\\.tmp$`, "i");

/** What a name beside the registry says. Undefined: it has nothing to do with it. */
function kindOf(registry: string, name: string): { origin: "temp" | "backup"; named?: NamedTime } | undefined {
  if (!name.startsWith(registry)) return undefined;
  const rest = name.slice(registry.length);
  if (TEMP.test(rest)) return { origin: "temp" };
  // A lock on a backup is no backup.
  if (!rest.startsWith(".bak") || rest.endsWith(".lock")) return undefined;
  const named = timeIn(rest);
  return { origin: "backup", ...(named && { named }) };
}

function timeIn(suffix: string): NamedTime | undefined {
  const ms = /^\.bak\.(\d{12,14})$/.exec(suffix)?.[1];
  if (ms !== undefined) return { ms: Number(ms), isLocal: false };
  const date = /^\.bak-(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)$/.exec(suffix)?.slice(1).map(Number);
  if (date === undefined) return undefined;
  const [year = 0, month = 1, day, hours, minutes, seconds] = date;
  return { ms: new Date(year, month - 1, day, hours, minutes, seconds).getTime(), isLocal: true };
}

const DAY_MS = 86_400_000;

/**
 * What a file holds can't be newer than its last change, nor than its name; a copy may have been made long after. A date in a
 * name is in somebody's local time: it only counts where it is a day off.
 */
function writtenMs(mtimeMs: number, named: NamedTime | undefined): number {
  if (named === undefined || Number.isNaN(named.ms)) return mtimeMs;
  return named.ms < mtimeMs - (named.isLocal ? DAY_MS : 0) ? named.ms : mtimeMs;
}

/** Undefined when it is gone by now. */
function readBytes(path: string): { bytes: Buffer; mtimeMs: number } | SourceLeftOut["why"] | undefined {
  let descriptor: number;
  try {
    // O_NONBLOCK: opening a pipe would otherwise wait for somebody to write.
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    return errnoOf(error) === "ELOOP" ? "is-a-link" : errnoOf(error) === "ENXIO" ? "no-regular-file" : "unreadable";
  }
  try {
    if (!fstatSync(descriptor).isFile()) return "no-regular-file";
    const before = fingerprintOfDescriptor(descriptor);
    if (before.sizeBytes > bufferConstants.MAX_STRING_LENGTH) return "too-large";
    const bytes = readFileSync(descriptor);
    if (!isUnchanged(before, fingerprintOfDescriptor(descriptor))) return "keeps-changing";
    return { bytes, mtimeMs: before.mtimeMs };
  } catch {
    return "unreadable";
  } finally {
    closeSync(descriptor);
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

import { closeSync, readSync } from "node:fs";
import { type Fingerprint, fingerprintOfDescriptor, isUnchanged } from "../disk/fingerprint.ts";
import { errnoOf, KeeperError } from "../errors.ts";
import { JsonTextError, type Member, type ObjectSpan } from "../json/json-text.ts";
import { openForReading, unreadable } from "./open.ts";
import { fill, walkMembers } from "./walk-members.ts";

/**
 * A registry on the disk, open for reading, and where some of its entries stand in it: places count bytes. However large it is,
 * no more than a piece of it and the names of its entries are in memory, because thousands of edits of one registry would leave
 * thousands of its texts to the collector.
 */
export type RegistryFile = {
  path: string;
  fingerprint: Fingerprint;
  /** of its entries in their order; a repeated one stands once */
  names: ReadonlySet<string>;
  isRepeating: boolean;
  /** with those entries that were asked for, the ones before and behind each, the first, and the last two */
  root: ObjectSpan;
  /** One of the entries that were asked for; of a repeated one the last, which readers see. */
  textOf(key: string): string | undefined;
  /** The text of the bytes [from, to). */
  slice(from: number, to?: number): string;
  /** The same as bytes, piece by piece. A piece is overwritten by the next one. */
  pieces(from: number, to: number): Generator<Uint8Array>;
  close(): void;
};

const PIECE_BYTES = 256 * 1024;
const ATTEMPTS = 5;

/**
 * Opens a registry and finds entries in it, as strictly as `readRegistry` does. Follows no link, waits for no pipe.
 *
 * @param wanted the keys of the entries
 * @returns undefined where it is missing, empty, or no JSON object: `readRegistry` tells which
 * @throws KeeperError when the path is no regular file, can't be read, or never stands still
 */
export function openRegistryFile(path: string, wanted: ReadonlySet<string>): RegistryFile | undefined {
  // what writes in place would else show half a registry, which reads as broken
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const descriptor = openForReading(path);
    if (descriptor === undefined) return undefined;
    let file: RegistryFile | undefined;
    try {
      const fingerprint = fingerprintOfDescriptor(descriptor);
      const found = find(descriptor, wanted);
      if (isUnchanged(fingerprint, fingerprintOfDescriptor(descriptor))) {
        if (found) file = { path, fingerprint, ...found, ...access(path, descriptor, fingerprint, found.root) };
        return file;
      }
    } catch (error) {
      throw unreadable(path, errnoOf(error) ?? "unknown error", error);
    } finally {
      if (!file) closeSync(descriptor);
    }
  }
  throw unreadable(path, "it keeps changing while being read");
}

/** Registries by path. One that is missing, empty, or no JSON object is undefined. */
export type RegistryFiles = ReadonlyMap<string, RegistryFile | undefined>;

/** Opens registries for as long as something is done with them. @param wanted as of `openRegistryFile` */
export function withRegistryFiles<T>(
  paths: readonly string[],
  wanted: ReadonlySet<string>,
  use: (files: RegistryFiles) => T,
): T {
  const files = new Map<string, RegistryFile | undefined>();
  try {
    for (const path of paths) files.set(path, openRegistryFile(path, wanted));
    return use(files);
  } finally {
    for (const file of files.values()) file?.close();
  }
}

/** Whether a file is a registry with just these entries, in this order. */
export function holdsEntries(path: string, names: Iterable<string>): boolean {
  const descriptor = openForReading(path);
  if (descriptor === undefined) return false;
  const expected = names[Symbol.iterator]();
  let isAsExpected = true;
  try {
    walkMembers(descriptor, ({ name }) => {
      isAsExpected &&= expected.next().value === name;
    });
  } catch (error) {
    if (error instanceof JsonTextError) return false;
    throw error;
  } finally {
    closeSync(descriptor);
  }
  return isAsExpected && expected.next().done === true;
}

type Access = Pick<RegistryFile, "textOf" | "slice" | "pieces" | "close">;

function access(path: string, descriptor: number, { sizeBytes }: Fingerprint, { members }: ObjectSpan): Access {
  const slice = (from: number, to = sizeBytes) => {
    const length = Math.max(0, to - from);
    const bytes = fill(Buffer.allocUnsafe(length), descriptor, from);
    if (bytes.length < length) throw shortened(path);
    return bytes.toString("utf8");
  };
  let places: Map<string, Member> | undefined;
  return {
    textOf(key) {
      places ??= new Map(members.map((member) => [member.name, member]));
      const place = places.get(key);
      return place && slice(place.valueAt, place.valueEnd);
    },
    slice,
    *pieces(from, to) {
      const piece = Buffer.allocUnsafe(Math.min(PIECE_BYTES, to - from));
      for (let at = from; at < to; ) {
        const length = readSync(descriptor, piece, 0, Math.min(piece.length, to - at), at);
        if (length === 0) throw shortened(path);
        at += length;
        yield piece.subarray(0, length);
      }
    },
    close: () => closeSync(descriptor),
  };
}

type Found = Pick<RegistryFile, "names" | "isRepeating" | "root">;

/** Undefined where the file is no object. */
function find(descriptor: number, wanted: ReadonlySet<string>): Found | undefined {
  const names = new Set<string>();
  const members: Member[] = [];
  let [isRepeating, isNextKept] = [false, false];
  let last: { member: Member; isKept: boolean } | undefined;
  let before: typeof last;
  const keep = (one: typeof last) => {
    if (one && !one.isKept) members.push(one.member);
    if (one) one.isKept = true;
  };
  try {
    const { at, end } = walkMembers(descriptor, (member) => {
      isRepeating ||= names.has(member.name);
      names.add(member.name);
      const isWanted = wanted.has(member.name);
      if (isWanted) keep(last);
      [before, last] = [last, { member, isKept: false }];
      if (isWanted || isNextKept || members.length === 0) keep(last);
      isNextKept = isWanted;
    });
    if (last && !last.isKept) keep(before);
    keep(last);
    return { names, isRepeating, root: { at, end, members } };
  } catch (error) {
    if (error instanceof JsonTextError) return undefined;
    throw error;
  }
}

function shortened(path: string): KeeperError {
  return new KeeperError(
    "failed",
    `the registry ${path} became shorter while it was read`,
    "it was not changed, and the sessions were left as they were; the next run tries again",
  );
}

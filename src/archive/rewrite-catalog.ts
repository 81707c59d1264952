import { closeSync, constants, existsSync, openSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { type Disk, ownershipOf } from "../disk/disk.ts";
import { fingerprintOfDescriptor, isSameFile, lookAt } from "../disk/fingerprint.ts";
import { asidePathFor, DRAFT, draftPathFor, isAbandoned, SET_ASIDE } from "../disk/left-behind.ts";
import { errnoOf } from "../errors.ts";
import { addLines, type CatalogRecord, catalogPathOf } from "./catalog.ts";
import { type CatalogIndex, readIndex, readingOf, readLine, readLines } from "./catalog-index.ts";

/** Below this many lines a rewrite saves nobody anything. */
const LONG_LINES = 1000;
/** Somebody adds lines about the very same archives each time we do: then he has the last word anyway. */
const CARRY_ROUNDS = 10;

const { O_RDONLY, O_NOFOLLOW } = constants;

/** True when most lines of a catalog tell what later ones tell anew. */
export function isLongCatalog(folder: string): boolean {
  const { lines, records, others } = readIndex(catalogPathOf(folder));
  return lines > LONG_LINES && lines > 2 * (records.size + others.length);
}

/**
 * Writes a catalog anew, with one line for each archive, in the order in which they were made and without lines that cannot be
 * read. The new file takes the place of the old one in one step; what others add to the old one meanwhile is carried over.
 *
 * @param added records that it lacks, the oldest first; what it knows by then counts more
 * @returns false, with nothing changed, when another process was faster
 */
export function rewriteCatalog(disk: Disk, folder: string, added: readonly CatalogRecord[] = []): boolean {
  const path = catalogPathOf(folder);
  if (!lookAt(path)) disk.append(path, "", { sync: true });
  const old = openSync(path, O_RDONLY | O_NOFOLLOW);
  try {
    const found = fingerprintOfDescriptor(old);
    const reading = readingOf(path);
    if (!reading || reading.stats.ino !== found.inode || reading.stats.dev !== found.device) return false;
    const { end } = reading;
    const text = linesOf(folder, reading.index, added);
    const [draft, aside] = [draftPathFor(path), asidePathFor(path, end)];
    disk.createWith(draft, text, ownershipOf(found));
    const made = lookAt(draft)?.fingerprint;
    const isOurs = () => made !== undefined && isSameFile(made, lookAt(path)?.fingerprint);
    let isSwapped = false;
    try {
      disk.link(path, aside); // until all of it is carried over: a kill, or a full disk, loses nothing
      if (isSameFile(found, lookAt(path)?.fingerprint)) {
        disk.rename(draft, path);
        isSwapped = true;
        disk.syncFolder(folder);
      }
    } finally {
      isSwapped ||= isOurs();
      if (isSwapped) carryOver(disk, path, old, { end, base: isOurs() ? Buffer.byteLength(text) : 0 });
      removeIfThere(disk, draft);
      removeIfThere(disk, aside);
    }
    return isSwapped;
  } finally {
    closeSync(old);
  }
}

/** Finishes rewrites of runs that were killed: carries over what may be missing, and clears away what they left. */
export function finishRewrites(disk: Disk, folder: string): void {
  const path = catalogPathOf(folder);
  for (const name of readdirSync(folder).filter((one) => one.startsWith(`${basename(path)}.`))) {
    const left = join(folder, name);
    const end = SET_ASIDE.exec(name)?.[2];
    if (end === undefined && !DRAFT.test(name)) continue;
    const seen = lookAt(left);
    if (seen?.kind !== "file") continue;
    const now = lookAt(path);
    if (end !== undefined && !isSameFile(seen.fingerprint, now?.fingerprint)) {
      const old = openSync(left, O_RDONLY | O_NOFOLLOW);
      try {
        if (!now) disk.append(path, "", { sync: true });
        carryOver(disk, path, old, { end: now ? Number(end) : 0, base: 0 });
      } finally {
        closeSync(old);
      }
    }
    if (end !== undefined || isAbandoned(left)) removeIfThere(disk, left);
  }
}

function linesOf(folder: string, index: CatalogIndex, added: readonly CatalogRecord[]): string {
  const lacking = added.filter(({ archive }) => !index.records.has(archive));
  const records: CatalogRecord[] = [];
  for (const record of index.records.values()) {
    while (lacking[0] && lacking[0].at < record.at) records.push(...lacking.splice(0, 1));
    records.push(record);
  }
  // a file under such a name that came back is none of ours to enter again
  const gone = [...index.pruned].filter((archive) => existsSync(join(folder, archive)));
  const lines = [
    ...index.others,
    ...gone.map((pruned) => JSON.stringify({ pruned })),
    ...[...records, ...lacking].map((record) => JSON.stringify(record)),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

/**
 * Adds what an old catalog holds behind byte `end` to the new one, of which `base` bytes are known to be older. Where the new
 * one tells something later of an archive already, that stays the last word. Who adds to the old one from now on notices by
 * himself that it is not the catalog any more.
 */
function carryOver(disk: Disk, path: string, old: number, { end, base }: { end: number; base: number }): void {
  let lines = linesBetween(old, end);
  let since = base;
  for (let round = 0; round < CARRY_ROUNDS; round += 1) {
    const now = openSync(path, O_RDONLY | O_NOFOLLOW);
    try {
      const later = linesBetween(now, since);
      const told = new Set(later.map(({ name }) => name));
      lines = lines.filter(({ name }) => !told.has(name));
      if (lines.length === 0) return;
      addLines(disk, path, lines.map(({ text }) => `${text}\n`).join(""));
      // what slipped in between belongs behind what was carried over
      const all = linesBetween(now, since);
      const carried = lines;
      const at = all.findIndex((_, index) => carried.every(({ text }, offset) => all[index + offset]?.text === text));
      const names = new Set(carried.map(({ name }) => name));
      lines = all.slice(later.length, Math.max(at, later.length)).filter(({ name }) => names.has(name));
      since = all[at + carried.length - 1]?.end ?? since;
    } finally {
      closeSync(now);
    }
  }
}

type CarriedLine = { name: string; text: string; end: number };

/** The lines that tell something, from a byte on. */
function linesBetween(descriptor: number, from: number): CarriedLine[] {
  const lines: CarriedLine[] = [];
  readLines(descriptor, from, (text, isWhole, end) => {
    const line = isWhole ? readLine(text) : undefined;
    if (line && line.kind !== "unreadable") lines.push({ name: line.name ?? text, text, end });
  });
  return lines;
}

function removeIfThere(disk: Disk, path: string): void {
  try {
    if (lookAt(path)) disk.remove(path);
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
  }
}

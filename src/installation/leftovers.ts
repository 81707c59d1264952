import { readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { isLeftBehind } from "../disk/left-behind.ts";
import type { Installation } from "./installation.ts";
import { listFolder } from "./registries.ts";

/**
 * What a file in a sessions folder is that is no session of today's, by its name. `draft`s: what a crash left of a write;
 * `prompt`: a text that registry entries share.
 */
export type LeftoverRule =
  | "deleted"
  | "reset"
  | "compaction-backup"
  | "repair-backup"
  | "repair-draft"
  | "checkpoint"
  | "registry-draft"
  | "registry-backup"
  | "prompt"
  | "unknown";

export type Leftover = {
  rule: LeftoverRule;
  path: string;
  agent: string;
  /** of what holds rows of a session: its id, and where its transcript lies or lay */
  sessionId?: string;
  mainPath?: string;
  /** of what a process was writing */
  pid?: number;
  /** the time in its name (epoch ms) */
  namedAtMs?: number;
  /** of what belongs to a registry: its path */
  registryPath?: string;
};

const STAMP = String.raw`(\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}(?:\.\d{3})?Z)`;
const UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";
const RETIRED = new RegExp(String.raw`^(.+)\.jsonl\.(deleted|reset|bak)\.${STAMP}$`);
/** Pids and times in milliseconds tell them from what people name by a date or a number. */
const REPAIR = /^(.+)\.jsonl\.(?:bak-(\d{1,7})-(\d{13})|repair-(\d{1,7})-(\d{13})\.tmp)$/;
const CHECKPOINT = new RegExp(String.raw`^(.+)\.checkpoint\.${UUID}\.jsonl$`, "i");
const REGISTRY_DRAFT = new RegExp(String.raw`^\.(?:(\d+)\.)?${UUID}\.tmp$`, "i");
const REGISTRY_BACKUP = /^\.bak\.(\d{13})$/;
const PROMPT = /^[0-9a-f]{64}\.txt$/;

/** Sessions, locks, traces of runs, backups that somebody made on purpose: nobody's leftovers. */
const IN_ITS_PLACE = /\.jsonl$|\.lock$|\.trajectory-path\.json$|\.bak$|\.bak[-.]/;
/** A release that keeps its sessions in SQLite has receipts of these, with the inode and the time of each. */
const UNTOUCHABLE = /\.zst$|\.migrated|\.imported|^cold$|^session-sqlite-|^skills-prompts$/;

const RETIRED_RULES = { deleted: "deleted", reset: "reset", bak: "compaction-backup" } as const;

/** Everything in the sessions folders of an installation that is no session, no registry and no lock. Reads names only. */
export function findLeftovers({ registries, unreadable }: Pick<Installation, "registries" | "unreadable">): Leftover[] {
  const found: Leftover[] = [];
  const folders = new Map(registries.map(({ sessions, agent }) => [sessions, agent]));
  for (const [folder, agent] of folders) {
    const registryPaths = registries.map(({ path }) => path).filter((path) => dirname(path) === folder);
    for (const name of listFolder(folder, unreadable)) {
      const registryPath = registryPaths.find((path) => name.startsWith(basename(path)));
      const leftover = registryPath === undefined ? ofSession(name, folder) : ofRegistry(name, registryPath);
      if (leftover) found.push({ ...leftover, path: join(folder, name), agent });
    }
    found.push(...promptsIn(join(folder, "skills-prompts", "sha256"), agent));
  }
  for (const { path, agent } of registries.filter((one) => !folders.has(dirname(one.path)))) {
    for (const name of listFolder(dirname(path), unreadable).filter((other) => other.startsWith(basename(path)))) {
      const leftover = ofRegistry(name, path);
      if (leftover) found.push({ ...leftover, path: join(dirname(path), name), agent });
    }
  }
  return found;
}

type Named = Omit<Leftover, "path" | "agent">;

function ofSession(name: string, folder: string): Named | undefined {
  const of = (sessionId: string) => ({ sessionId, mainPath: join(folder, `${sessionId}.jsonl`) });
  const retired = RETIRED.exec(name);
  if (retired?.[1] && retired[3]) {
    const rule = RETIRED_RULES[retired[2] as keyof typeof RETIRED_RULES];
    return { rule, ...of(retired[1]), namedAtMs: timeOf(retired[3]) };
  }
  const repair = REPAIR.exec(name);
  if (repair?.[1]) {
    const isBackup = repair[2] !== undefined;
    const [pid, namedAtMs] = [Number(repair[2] ?? repair[4]), Number(repair[3] ?? repair[5])];
    return { rule: isBackup ? "repair-backup" : "repair-draft", ...of(repair[1]), pid, namedAtMs };
  }
  const checkpoint = CHECKPOINT.exec(name);
  if (checkpoint?.[1]) return { rule: "checkpoint", ...of(checkpoint[1]) };
  if (IN_ITS_PLACE.test(name) || UNTOUCHABLE.test(name) || isLeftBehind(name)) return undefined;
  return { rule: "unknown" };
}

function ofRegistry(name: string, registryPath: string): Named | undefined {
  const rest = name.slice(basename(registryPath).length);
  const draft = REGISTRY_DRAFT.exec(rest);
  if (draft) return { rule: "registry-draft", registryPath, ...(draft[1] ? { pid: Number(draft[1]) } : {}) };
  const backup = REGISTRY_BACKUP.exec(rest);
  if (backup) return { rule: "registry-backup", registryPath, namedAtMs: Number(backup[1]) };
  if (rest === "" || IN_ITS_PLACE.test(name) || UNTOUCHABLE.test(name) || isLeftBehind(name)) return undefined;
  return { rule: "unknown" };
}

/** Two levels: the first two digits, then the texts. */
function promptsIn(folder: string, agent: string): Leftover[] {
  return namesIn(folder).flatMap((start) =>
    namesIn(join(folder, start))
      .filter((name) => PROMPT.test(name))
      .map((name) => ({ rule: "prompt" as const, path: join(folder, start, name), agent })),
  );
}

/** Most releases have no such folder. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** The names have dashes where a time has colons. */
function timeOf(stamp: string): number {
  return Date.parse(stamp.replace(/T(\d{2})-(\d{2})-(\d{2})/, "T$1:$2:$3"));
}

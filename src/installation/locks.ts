import { basename, dirname, join } from "node:path";
import { LOCK_DRAFT } from "../disk/left-behind.ts";
import type { AgentRegistry, ClaudeHome, Installation, LockPlace } from "./installation.ts";
import { listFolder } from "./registries.ts";

const TRANSCRIPT_LOCK = /^[^.].*\.jsonl\.lock$/;

type Sources = {
  claude: ClaudeHome | null;
  registries: readonly AgentRegistry[];
  leftBehind: string[];
  unreadable: Installation["unreadable"];
};

/**
 * Every name of a lock that a gateway or Claude Code would find in its way: of each transcript, beside each registry, and
 * of Claude Code's history. Lists the folders once and looks at nothing in them. What a killed run of ours left of a lock
 * is added to `leftBehind`.
 */
export function findLocks({ claude, registries, leftBehind, unreadable }: Sources): LockPlace[] {
  const locks: LockPlace[] = [];
  const ofRegistries = new Map(registries.map(({ path, agent }) => [`${path}.lock`, agent]));
  const folders = new Map(
    registries.flatMap(({ agent, path, sessions }) => [[sessions, agent] as const, [dirname(path), agent] as const]),
  );
  for (const [folder, agent] of folders) {
    for (const name of listFolder(folder, unreadable)) {
      if (!name.includes(".lock")) continue; // nearly all, so that the joining below costs nothing
      const path = join(folder, name);
      const registryAgent = ofRegistries.get(path);
      if (registryAgent !== undefined) locks.push({ path, guards: "registry", agent: registryAgent });
      else if (TRANSCRIPT_LOCK.test(name)) locks.push({ path, guards: "transcript", agent });
      else if (LOCK_DRAFT.test(name)) leftBehind.push(path);
    }
  }
  if (claude) addHistoryLock(claude, locks, leftBehind, unreadable);
  return locks;
}

function addHistoryLock(
  { home }: ClaudeHome,
  locks: LockPlace[],
  leftBehind: string[],
  unreadable: Installation["unreadable"],
): void {
  const path = join(home, "history.jsonl.lock");
  for (const name of listFolder(home, unreadable)) {
    if (name === basename(path)) locks.push({ path, guards: "history" });
    else if (LOCK_DRAFT.exec(name)?.[1] === basename(path)) leftBehind.push(join(home, name));
  }
}

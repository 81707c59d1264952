import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { findClaudeHome, findOpenclawHome } from "../config/homes.ts";
import { realPathOr } from "../installation/paths.ts";
import { namesIn } from "./readable.ts";

/** A user of this machine. */
export type Account = { user: string; uid: number; directory: string };

/** A state folder of OpenClaw, a folder of Claude Code, or both, and whose they are. `profile`: absent for the usual one. */
export type FoundHomes = { account: Account; openclaw?: string; profile?: string; claude?: string };

const STATE_FOLDER = /^\.(?:openclaw|clawdbot|moltbot)(?:-([a-z0-9][\w-]{0,63}))?$/i;

/** The state folders of one user: the one that runs take by themselves first, then those of profiles. Reads only. */
export function findHomesOf(account: Account, env: NodeJS.ProcessEnv): FoundHomes[] {
  const surroundings = { env, homeDirectory: account.directory, cwd: account.directory };
  const usual = findOpenclawHome(surroundings)?.path;
  const claudePath = findClaudeHome(surroundings)?.path;
  const claude = claudePath !== undefined && isFolder(claudePath) ? { claude: claudePath } : {};
  const named = namesIn(account.directory).filter((name) => STATE_FOLDER.test(name));
  const folders = [
    ...(usual === undefined ? [] : [usual]),
    ...named.sort().map((name) => join(account.directory, name)),
  ];
  const seen = new Set<string>();
  const homes = folders.filter(isStateFolder).flatMap((path): FoundHomes[] => {
    const real = realPathOr(path);
    if (seen.has(real)) return [];
    seen.add(real);
    const profile = path === usual ? undefined : STATE_FOLDER.exec(path.slice(account.directory.length + 1))?.[1];
    return [{ account, openclaw: path, ...(profile === undefined ? {} : { profile }), ...claude }];
  });
  if (homes.length > 0) return homes;
  return "claude" in claude ? [{ account, ...claude }] : [];
}

/** The users of this machine that may have homes: people, and root. Reads only. */
export function listAccounts(passwd = "/etc/passwd"): Account[] {
  return readFileSync(passwd, "utf8")
    .split("\n")
    .map((line) => line.split(":"))
    .flatMap(([user = "", , uid, , , directory = ""]) =>
      uid !== undefined && directory.startsWith("/") && directory !== "/"
        ? [{ user, uid: Number(uid), directory }]
        : [],
    );
}

/** A folder of that name that holds neither agents nor a configuration is something else, such as a copy of old. */
function isStateFolder(path: string): boolean {
  return ["openclaw.json", "clawdbot.json", "moltbot.json", "agents"].some((name) => existsSync(join(path, name)));
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

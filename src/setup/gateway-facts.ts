import { existsSync } from "node:fs";
import { basename } from "node:path";
import { runCommand } from "../host/command.ts";
import { findProgram } from "../host/find-program.ts";
import { findGateway, type GatewayState } from "../installation/gateway.ts";
import type { Installation } from "../installation/installation.ts";

const LIMIT_MS = 10_000;
const LINGER = "/var/lib/systemd/linger";

/** A configured command, and what is known of whether it can run from cron. `program`: the file that runs. */
export type CommandFact = {
  argv: string[];
  program: string | undefined;
  /** what `sudo` would run, and whether it does so without a password; absent: not by sudo */
  sudo?: { argv: string[]; program: string | undefined; isAllowed: boolean };
  /** it asks the service manager of this user */
  needsUserBus: boolean;
};

export type GatewayFacts = {
  searchPath: string;
  user: string;
  restart?: CommandFact;
  health?: CommandFact;
  bus: { isThere: boolean; lingers: boolean };
  /** absent: no OpenClaw here */
  gateway?: GatewayState;
};

/**
 * Looks up the commands for the gateway as cron would, and asks sudo whether it may run them; runs none of them.
 *
 * @param searchPath the one that cron uses for our lines
 */
export async function gatherGateway(
  { settings, openclaw }: Installation,
  from: { searchPath: string; user: string; uid: number; env: NodeJS.ProcessEnv },
): Promise<GatewayFacts> {
  const { restart, health } = settings.gateway;
  const isForeign = settings.foreignPids === true || Object.keys(settings.paths).length > 0;
  const runtime = `/run/user/${from.uid}`;
  return {
    searchPath: from.searchPath,
    user: from.user,
    ...(restart ? { restart: await lookUp(restart, from) } : {}),
    ...(health ? { health: await lookUp(health, from) } : {}),
    bus: {
      isThere: existsSync(`${runtime}/bus`) || existsSync(`${runtime}/systemd/private`),
      lingers: existsSync(`${LINGER}/${from.user}`),
    },
    ...(openclaw ? { gateway: await findGateway(openclaw, isForeign) } : {}),
  };
}

async function lookUp(
  argv: string[],
  { searchPath, env }: { searchPath: string; env: NodeJS.ProcessEnv },
): Promise<CommandFact> {
  const [word = ""] = argv;
  const program = findProgram(word, searchPath);
  const bySudo = basename(word) === "sudo" ? withoutOptions(argv.slice(1)) : undefined;
  const what = bySudo ?? argv;
  const isAllowed = bySudo !== undefined && program !== undefined && (await mayRunBySudo(program, bySudo, env));
  return {
    argv,
    program,
    ...(bySudo ? { sudo: { argv: bySudo, program: findProgram(bySudo[0] ?? "", SUDO_PATH), isAllowed } } : {}),
    needsUserBus: asksUserManager(what) && bySudo === undefined,
  };
}

/** The search path that sudo usually sets. */
const SUDO_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** The command behind sudo's own options. */
function withoutOptions(words: readonly string[]): string[] {
  let at = 0;
  while (words[at]?.startsWith("-")) at += /^-[CDghpRrTtUu]$/.test(words[at] ?? "") ? 2 : 1;
  while (/^[A-Za-z_]\w*=/.test(words[at] ?? "")) at += 1;
  return words.slice(at);
}

/** `sudo -l COMMAND` tells whether the command would be allowed, and does not run it. */
async function mayRunBySudo(sudo: string, argv: readonly string[], env: NodeJS.ProcessEnv): Promise<boolean> {
  const { status } = await runCommand([sudo, "-n", "-l", "--", ...argv], {
    timeoutMs: LIMIT_MS,
    env: { ...env, LC_ALL: "C" },
  });
  return status === 0;
}

function asksUserManager(argv: readonly string[]): boolean {
  const name = basename(argv[0] ?? "");
  if (name === "systemctl") return argv.includes("--user");
  return /^(openclaw|clawdbot|moltbot)$/.test(name) && argv.includes("gateway");
}

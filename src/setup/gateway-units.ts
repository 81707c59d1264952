import { basename, join } from "node:path";
import { namesIn, textOf } from "./readable.ts";

/** A unit of systemd that runs a gateway. `stateFolder`, `profile`, `user`: what it says of whose it is. */
export type GatewayService = {
  unit: string;
  path: string;
  scope: "system" | "user";
  stateFolder?: string;
  profile?: string;
  user?: string;
};

const NAMED = /^(?:openclaw|clawdbot|moltbot)(?:-gateway)?(?:-(?<profile>[a-z0-9][\w-]*))?\.service$/i;
const SYSTEM_FOLDERS = ["/etc/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system"];
const USER_FOLDERS = ["/etc/systemd/user", "/usr/local/lib/systemd/user", "/usr/lib/systemd/user"];

/** The units that run a gateway: of the system, and of the user with this home. Reads files only. */
export function findGatewayServices(homeDirectory: string, systemFolders = SYSTEM_FOLDERS): GatewayService[] {
  const own = [join(homeDirectory, ".config/systemd/user"), join(homeDirectory, ".local/share/systemd/user")];
  const found = [
    ...[...own, ...USER_FOLDERS].flatMap((folder) => servicesIn(folder, "user")),
    ...systemFolders.flatMap((folder) => servicesIn(folder, "system")),
  ];
  // of one name in two folders the first one counts, as there
  return [...new Map(found.toReversed().map((one) => [`${one.scope} ${one.unit}`, one])).values()].toReversed();
}

/** What a unit's text says, if it runs a gateway. Pure. */
export function readService(path: string, text: string, scope: GatewayService["scope"]): GatewayService | undefined {
  const unit = basename(path);
  const named = NAMED.exec(unit);
  const start = /^ExecStart=[-@:+!]*(.*)$/m.exec(text)?.[1] ?? "";
  const runsGateway = /\b(?:openclaw|clawdbot|moltbot)\b/.test(start) && /\bgateway\b/.test(start);
  if (!named && !runsGateway) return undefined;
  const variables = variablesIn(text);
  const stateFolder = variables.OPENCLAW_STATE_DIR ?? variables.CLAWDBOT_STATE_DIR;
  const profile =
    variables.OPENCLAW_PROFILE ?? /--profile[= ](\S+)/.exec(start)?.[1] ?? named?.groups?.profile ?? undefined;
  const user = /^User=(\S+)/m.exec(text)?.[1];
  return {
    unit,
    path,
    scope,
    ...(stateFolder === undefined ? {} : { stateFolder }),
    ...(profile === undefined || profile === "default" ? {} : { profile }),
    ...(user === undefined ? {} : { user }),
  };
}

function servicesIn(folder: string, scope: GatewayService["scope"]): GatewayService[] {
  return namesIn(folder)
    .filter((name) => name.endsWith(".service") && !name.startsWith("session-keeper"))
    .flatMap((name) => readService(join(folder, name), textOf(join(folder, name)), scope) ?? []);
}

function variablesIn(text: string): Record<string, string> {
  const lines = [...text.matchAll(/^Environment=(.*)$/gm)].map(([, line = ""]) => line);
  const pairs = lines.flatMap((line) => line.match(/"[^"]*"|'[^']*'|\S+/g) ?? []);
  return Object.fromEntries(
    pairs
      .map((pair) => /^["']?([A-Za-z_]\w*)=(.*?)["']?$/.exec(pair))
      .flatMap((match) => (match ? [[match[1], match[2]]] : [])),
  );
}

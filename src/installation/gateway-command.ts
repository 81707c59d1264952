import { basename, dirname, join } from "node:path";
import { environmentOf, executableOf, innerPidOf, listensOn, userOf } from "../host/processes.ts";
import { eraOfVersion } from "./era.ts";
import { packageOfProcess, packageOnPath } from "./era-witnesses.ts";
import { DEFAULT_PORT, type GatewayState } from "./gateway.ts";
import type { OpenClawHome } from "./installation.ts";

/** How the running gateway's own command line is started: a program with its first arguments, and its environment. */
export type GatewayCommand = { argv: string[]; env: NodeJS.ProcessEnv };

/** Why it cannot be started from here, or would not reach this very gateway. */
export type NoGatewayCommand = {
  refused: "not-seen" | "another-user" | "container" | "remote" | "port" | "package" | "node";
};

/** They would lead the command to another gateway, or to another home. */
const MISLEADING = ["OPENCLAW_GATEWAY_URL", "OPENCLAW_PROFILE", "OPENCLAW_HOME", "CLAWDBOT_STATE_DIR"];

/**
 * Looks for the command line of the gateway that works on a home. It has to be of the gateway's own era, as another one may
 * write the home by other rules, and to reach the very process that was found: two bots may have sessions of the same keys.
 */
export function findGatewayCommand(
  { home, config, era }: OpenClawHome,
  { state, pid }: GatewayState,
  environment: NodeJS.ProcessEnv,
): GatewayCommand | NoGatewayCommand {
  if (state !== "up" || pid === undefined) return { refused: "not-seen" };
  // what it names is run in our name, and anybody may call a process a gateway
  if (userOf(pid) !== process.geteuid?.()) return { refused: "another-user" };
  if (innerPidOf(pid) !== undefined) return { refused: "container" };
  if (config.gatewayMode === "remote") return { refused: "remote" };
  const own = (name: string) => environmentOf(pid, name) ?? undefined;
  const port = Number(own("OPENCLAW_GATEWAY_PORT") ?? config.port ?? DEFAULT_PORT);
  if (!listensOn(pid, port)) return { refused: "port" };
  const found = packageOfProcess(pid) ?? packageOnPath(environment.PATH ?? "") ?? packageOnPath(own("PATH") ?? "");
  const script = found?.commands.openclaw;
  if (!found || script === undefined || eraOfVersion(found.version) !== era.era) return { refused: "package" };
  const node = executableOf(pid);
  if (node === undefined || !/^node/.test(basename(node))) return { refused: "node" };
  const env: NodeJS.ProcessEnv = { ...environment };
  for (const name of MISLEADING) delete env[name];
  Object.assign(env, {
    PATH: [dirname(node), environment.PATH].filter(Boolean).join(":"),
    HOME: own("HOME") ?? environment.HOME,
    OPENCLAW_STATE_DIR: home,
    OPENCLAW_GATEWAY_PORT: String(port),
    NO_COLOR: "1",
  });
  if (config.path) env.OPENCLAW_CONFIG_PATH = config.path;
  return { argv: [node, join(found.folder, script)], env };
}

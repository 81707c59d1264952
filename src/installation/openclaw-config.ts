import { statSync } from "node:fs";
import { join } from "node:path";
import { optional } from "../json/optional.ts";
import { readGatewayConfig } from "./gateway-config.ts";

/** What the keeper needs of the gateway's own configuration. Unknown and ill-formed parts are left out. */
export type OpenClawConfig = {
  /** null: there is no configuration file, or it can't be read */
  path: string | null;
  lastTouchedVersion?: string;
  store?: string;
  logFile?: string;
  port?: number;
  /** what `gateway.mode` says: `local`, or `remote` where the gateway is on another machine */
  gatewayMode?: string;
  defaultWorkspace?: string;
  /** what `session.mainKey`, `session.scope` and `session.dmScope` say, on which the keys of sessions depend */
  mainKey?: string;
  scope?: string;
  dmScope?: string;
  /** what `session.maintenance.mode` says; absent where nobody chose one */
  maintenanceMode?: string;
  agents: { id: string; isDefault: boolean; workspace?: string }[];
};

const NAMES = ["openclaw.json", "clawdbot.json", "moltbot.json", "moldbot.json"];

/**
 * Reads what is needed of the gateway's configuration. It is never written: the gateway watches it. A value with a variable
 * that `environment` does not have is left out.
 *
 * @param overridePath `OPENCLAW_CONFIG_PATH` where that belongs to this home
 */
export async function readOpenClawConfig(
  home: string,
  environment: NodeJS.ProcessEnv,
  overridePath?: string,
): Promise<OpenClawConfig> {
  const path = overridePath ?? NAMES.map((name) => join(home, name)).find(isFile);
  if (!path) return { path: null, agents: [] };
  const root = record((await readGatewayConfig(path, environment)).root);
  const agentsPart = record(root.agents);
  const listed = Array.isArray(agentsPart.list)
    ? agentsPart.list.map(record)
    : Object.entries(record(agentsPart.entries)).map(([id, value]) => ({ ...record(value), id }));
  return {
    path,
    agents: listed.flatMap((agent) => {
      const id = text((agent as Record<string, unknown>).id);
      const { default: isDefault, workspace } = agent as Record<string, unknown>;
      return id
        ? [{ id: id.toLowerCase(), isDefault: isDefault === true, ...optional("workspace", text(workspace)) }]
        : [];
    }),
    ...optional("lastTouchedVersion", text(record(root.meta).lastTouchedVersion)),
    ...optional("store", text(record(root.session).store)),
    ...optional("mainKey", text(record(root.session).mainKey)),
    ...optional("scope", text(record(root.session).scope)),
    ...optional("dmScope", text(record(root.session).dmScope)),
    ...optional("maintenanceMode", text(record(record(root.session).maintenance).mode)),
    ...optional("logFile", text(record(root.logging).file)),
    ...optional(
      "port",
      Number.isInteger(record(root.gateway).port) ? (record(root.gateway).port as number) : undefined,
    ),
    ...optional("gatewayMode", text(record(root.gateway).mode)),
    ...optional("defaultWorkspace", text(record(agentsPart.defaults).workspace)),
  };
}

/** Reading from a pipe would wait for somebody to write. */
function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
}

import { optional } from "../json/optional.ts";
import { UnknownValue } from "../routing/unknown-value.ts";
import { readGatewayConfig } from "./gateway-config.ts";

/** What the keeper needs of the gateway's own configuration. Unknown and ill-formed parts are left out. */
export type OpenClawConfig = {
  /** null: there is no configuration file, or it can't be read */
  path: string | null;
  lastTouchedVersion?: string;
  store?: string;
  /** in words, why nobody can tell where `session.store` leads, so that the registries may lie anywhere */
  storeUnknown?: string;
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

/**
 * Reads what is needed of the gateway's configuration. It is never written: the gateway watches it. A value with a variable
 * that `environment` does not have is left out.
 *
 * @param path undefined: there is none
 */
export async function readOpenClawConfig(
  path: string | undefined,
  environment: NodeJS.ProcessEnv,
): Promise<OpenClawConfig> {
  if (path === undefined) return { path: null, agents: [] };
  const { root: whole, problem } = await readGatewayConfig(path, environment);
  const root = record(whole);
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
    ...optional("storeUnknown", problem ?? unknownIn(record(root.session).store)),
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

function unknownIn(store: unknown): string | undefined {
  return store instanceof UnknownValue
    ? `session.store names the variable ${store.variable}, which is not set here`
    : undefined;
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
}

import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { errnoOf } from "../errors.ts";

/** What the keeper needs of the gateway's own configuration. Unknown and ill-formed parts are left out. */
export type OpenClawConfig = {
  /** null: there is no configuration file, or it can't be read */
  path: string | null;
  lastTouchedVersion?: string;
  store?: string;
  logFile?: string;
  port?: number;
  defaultWorkspace?: string;
  /** what `session.maintenance.mode` says; absent where nobody chose one */
  maintenanceMode?: string;
  agents: { id: string; isDefault: boolean; workspace?: string }[];
};

const NAMES = ["openclaw.json", "clawdbot.json", "moltbot.json", "moldbot.json"];

/**
 * Reads the gateway's configuration, which is JSON5 and often plain JSON. It is never written: the gateway watches it.
 *
 * @param overridePath `OPENCLAW_CONFIG_PATH` where that belongs to this home
 */
export async function readOpenClawConfig(home: string, overridePath?: string): Promise<OpenClawConfig> {
  const path = overridePath ?? NAMES.map((name) => join(home, name)).find(isFile);
  if (!path) return { path: null, agents: [] };
  const root = record(await parse(path));
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
    ...optional("maintenanceMode", text(record(record(root.session).maintenance).mode)),
    ...optional("logFile", text(record(root.logging).file)),
    ...optional(
      "port",
      Number.isInteger(record(root.gateway).port) ? (record(root.gateway).port as number) : undefined,
    ),
    ...optional("defaultWorkspace", text(record(agentsPart.defaults).workspace)),
  };
}

/** Its owner told the gateway to let old sessions go by itself, by a rule of its own. */
export function prunesItself(config: OpenClawConfig | undefined): boolean {
  return config?.maintenanceMode === "enforce";
}

/** Reading from a pipe would wait for somebody to write. */
function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

async function parse(path: string): Promise<unknown> {
  let source: string;
  try {
    source = readFileSync(path, "utf8");
  } catch (error) {
    if (errnoOf(error)) return undefined;
    throw error;
  }
  try {
    return JSON.parse(source);
  } catch {
    const { default: json5 } = await import("json5");
    try {
      return json5.parse(source);
    } catch {
      return undefined;
    }
  }
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
}

function optional<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { [P in K]?: V };
}

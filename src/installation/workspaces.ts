import { join } from "node:path";
import type { InstallationSettings } from "../config/settings.ts";
import type { OpenClawHome } from "./installation.ts";

/**
 * The folders that an installation's agents work in, the default agent's first, as the gateway names them (which may be
 * a path inside its container).
 *
 * An agent's own workspace comes first, then the default for all; the default agent's last resort is `workspace` in the
 * state folder, the other agents' `workspace-<id>` there.
 */
export function findWorkspaces(
  settings: InstallationSettings,
  openclaw: OpenClawHome | null,
  homeDirectory: string,
): string[] {
  if (settings.workspace !== "auto") return [settings.workspace];
  if (!openclaw) return [];
  const { agents } = openclaw.config;
  const standard = standardAgent(openclaw);
  const own = (id: string) => workspaceOf(id, openclaw, homeDirectory);
  const others = agents.filter((agent) => agent !== standard).map(({ id }) => own(id));
  return [...new Set([own(standard?.id ?? "main"), defaultWorkspace(openclaw, homeDirectory), ...others])];
}

/** The folder that an agent works in, as the gateway names it. */
export function workspaceOf(agent: string, openclaw: OpenClawHome, homeDirectory: string): string {
  const { agents } = openclaw.config;
  const workspace = agents.find(({ id }) => id === agent)?.workspace;
  if (workspace) return expand(workspace, homeDirectory);
  const isStandard = agent === (standardAgent(openclaw)?.id ?? "main");
  return isStandard ? defaultWorkspace(openclaw, homeDirectory) : join(openclaw.home, `workspace-${agent}`);
}

function standardAgent({ config }: OpenClawHome): OpenClawHome["config"]["agents"][number] | undefined {
  return config.agents.find(({ isDefault }) => isDefault) ?? config.agents[0];
}

function defaultWorkspace({ home, config }: OpenClawHome, homeDirectory: string): string {
  return expand(config.defaultWorkspace ?? join(home, "workspace"), homeDirectory);
}

function expand(path: string, homeDirectory: string): string {
  return path === "~" || path.startsWith("~/") ? join(homeDirectory, path.slice(1)) : path;
}

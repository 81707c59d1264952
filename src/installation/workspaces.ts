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
  const { home, config } = openclaw;
  const expand = (path: string) => (path === "~" || path.startsWith("~/") ? join(homeDirectory, path.slice(1)) : path);
  const byDefault = expand(config.defaultWorkspace ?? join(home, "workspace"));
  const standard = config.agents.find(({ isDefault }) => isDefault) ?? config.agents[0];
  const own = (agent: (typeof config.agents)[number]) =>
    agent.workspace ? expand(agent.workspace) : join(home, `workspace-${agent.id}`);
  const first = standard?.workspace ? expand(standard.workspace) : byDefault;
  return [...new Set([first, byDefault, ...config.agents.filter((agent) => agent !== standard).map(own)])];
}

import type { OpenClawConfig } from "./openclaw-config.ts";

/** Its owner told the gateway to let old sessions go by itself, by a rule of its own. Pure. */
export function prunesItself(config: OpenClawConfig | undefined): boolean {
  return config?.maintenanceMode === "enforce";
}

import { registryLocking } from "../installation/era.ts";
import type { GatewayState } from "../installation/gateway.ts";
import { findGatewayCommand, type NoGatewayCommand } from "../installation/gateway-command.ts";
import type { Installation } from "../installation/installation.ts";

/** Whether the running gateway can be asked to change its sessions itself; else why not. */
export type GatewayOffer = "offered" | NoGatewayCommand["refused"];

/** Null where nobody needs to be asked: no gateway runs, or its registry has a lock. */
export function gatewayOffer(
  { openclaw }: Installation,
  gateway: GatewayState | null,
  env: NodeJS.ProcessEnv,
): GatewayOffer | null {
  if (!openclaw || !gateway || gateway.state === "down") return null;
  if (registryLocking(openclaw.era.era) !== "gateway-down") return null;
  const command = findGatewayCommand(openclaw, gateway, env);
  return "refused" in command ? command.refused : "offered";
}

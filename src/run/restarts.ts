import type { InstallationSettings } from "../config/settings.ts";

/** The gateway's restarts (epoch ms) that count against `gateway.maxRestarts`: those within `gateway.per` before now. */
export function restartsLately(
  restarts: readonly number[],
  { per }: InstallationSettings["gateway"],
  nowMs: number,
): number[] {
  return restarts.filter((at) => nowMs - at < per && at <= nowMs);
}

import { join } from "node:path";
import type { Surroundings } from "../config/load.ts";
import type { Settings } from "../config/settings.ts";

/** Where run locks, journal and log positions of the homes' owner live. */
export function stateDirectoryOf(settings: Settings, { env, homeDirectory }: Surroundings): string {
  const base = env.XDG_STATE_HOME?.startsWith("/") ? env.XDG_STATE_HOME : join(homeDirectory, ".local", "state");
  return settings.stateDirectory ?? join(base, "session-keeper");
}

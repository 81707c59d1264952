import { join } from "node:path";
import type { Surroundings } from "../config/load.ts";
import type { Settings } from "../config/settings.ts";
import type { Account } from "./as-owner.ts";
import type { DutyContext } from "./duty.ts";

/** Where run locks, journal and log positions of the homes' owner live. */
export function stateDirectoryOf(settings: Settings, { env, homeDirectory }: Surroundings): string {
  const base = env.XDG_STATE_HOME?.startsWith("/") ? env.XDG_STATE_HOME : join(homeDirectory, ".local", "state");
  return settings.stateDirectory ?? join(base, "session-keeper");
}

/** The same where the homes are another user's. */
export function stateDirectoryFor(account: Account, settings: Settings, surroundings: Surroundings): string {
  const base = { ...surroundings, env: {}, homeDirectory: account.home };
  return settings.stateDirectory ?? account.stateDirectory ?? stateDirectoryOf(settings, base);
}

/** The same run as it is for the owner of an installation: his home directory, and the place for his state. */
export function forAccount(account: Account, context: DutyContext): DutyContext {
  const { settings, world } = context;
  const { surroundings } = world;
  const stateDirectory = stateDirectoryFor(account, settings, surroundings);
  const env = { ...surroundings.env, HOME: account.home };
  return {
    ...context,
    settings: { ...settings, stateDirectory },
    world: { ...world, surroundings: { ...surroundings, homeDirectory: account.home, env } },
  };
}

import type { Settings } from "../config/settings.ts";
import type { Installation } from "./installation.ts";
import { innerProcesses } from "./sharers.ts";

/** What the locks of an installation are judged by; see `LockRules` of `locks/judge-here.ts`. */
export type InstallationLockRules = {
  minAgeMs: number;
  unknownOwnerAgeMs: number;
  foreignPids: boolean;
  innerProcesses: () => ReadonlyMap<number, readonly number[]>;
  brake: string | undefined;
};

/**
 * Gathers what the locks of an installation are judged by. Containers' processes are looked up once, when they are first asked for:
 * these rules are for one look, or for as long as one lock is waited for.
 *
 * @param foreignPids process ids of this home are a stranger's
 * @param brake in words, why the clock can't be trusted in this run
 */
export function lockRulesOf(
  { openclaw }: Pick<Installation, "openclaw">,
  { locks }: Pick<Settings, "locks">,
  { foreignPids, brake }: { foreignPids: boolean; brake?: string | undefined },
): InstallationLockRules {
  let inside: ReadonlyMap<number, readonly number[]> | undefined;
  const lookUp = () => (openclaw && foreignPids ? innerProcesses(openclaw.home) : new Map<number, number[]>());
  return {
    minAgeMs: locks.minAge,
    unknownOwnerAgeMs: locks.unknownOwnerAge,
    foreignPids,
    innerProcesses() {
      inside ??= lookUp();
      return inside;
    },
    brake,
  };
}

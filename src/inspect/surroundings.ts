import { dirname, join } from "node:path";
import { namesAnotherHost } from "../installation/container-paths.ts";
import type { Installation } from "../installation/installation.ts";
import { isLentHome } from "../installation/lent-home.ts";
import { foldersOfRegistry } from "../installation/session-folders.ts";
import { isMountedElsewhere } from "../installation/sharers.ts";
import type { RegistryProblem } from "../registry/read.ts";
import type { Finding } from "./finding.ts";

/** What is to be said of an installation as a whole: its era, its registries, what could not be read. */
export function installationFindings({ openclaw, registries, unreadable }: Installation): Finding[] {
  const findings: Finding[] = unreadable.map(({ path, message }) => ({
    kind: "unreadable",
    severity: "warning",
    path,
    evidence: { message },
  }));
  const { path: configPath, storeUnknown } = openclaw?.config ?? {};
  if (configPath && storeUnknown !== undefined) {
    const evidence = { message: `where the registries are, as ${storeUnknown}` };
    findings.push({ kind: "unreadable", severity: "warning", path: configPath, evidence });
  }
  for (const { path, agent, registry } of registries.filter(({ registry: { problem } }) => isBroken(problem))) {
    if (unreadable.some((one) => one.path === path)) continue;
    findings.push({ kind: "broken-registry", severity: "error", path, agent, evidence: { problem: registry.problem } });
  }
  if (openclaw?.era.era === "S")
    findings.push({
      kind: "sqlite-era",
      severity: "info",
      path: openclaw.home,
      evidence: { because: openclaw.era.because },
    });
  if (openclaw?.era.era === "unknown" && registries.length > 0)
    findings.push({
      kind: "unknown-era",
      severity: "warning",
      path: openclaw.home,
      evidence: { because: openclaw.era.because },
    });
  return findings;
}

/** A registry that holds no readable entries although there is one: what it binds can't be known. */
export function isBroken(problem: RegistryProblem | undefined): boolean {
  return problem === "empty" || problem === "unparsable" || problem === "not-an-object";
}

/** As long as a registry cannot be read, an unbound session may be one that it binds. */
export function hasUnreadablePart(installation: Installation): boolean {
  return installation.registries.some(({ registry }) => isBroken(registry.problem)) || hasHiddenPart(installation);
}

/** Whether something of the agents' folders or registries cannot be looked at, or nobody can tell where it is. */
export function hasHiddenPart({ openclaw, registries, unreadable }: Installation): boolean {
  if (!openclaw) return false;
  if (openclaw.config.storeUnknown !== undefined) return true;
  const places = [join(openclaw.home, "agents"), ...registries.flatMap(({ path, sessions }) => [path, sessions])];
  return unreadable.some(({ path }) => places.some((place) => path.startsWith(place)));
}

/**
 * A registry that ought to be there and is not: of sessions that lie in its folder, or named by the gateway's configuration; or
 * nobody can tell where that is.
 * Which of them have entries cannot be known, as when it cannot be read.
 */
export function hasLostRegistry({ openclaw, registries, transcripts }: Installation): boolean {
  const isMissing = ({ registry }: Installation["registries"][number]) => registry.problem === "missing";
  const isInHome = ({ path, sessions }: Installation["registries"][number]) => dirname(path) === sessions;
  if (openclaw?.config.storeUnknown !== undefined) return true;
  if (openclaw?.config.store !== undefined && registries.some((one) => isMissing(one) && !isInHome(one))) return true;
  const found = new Set(registries.filter((one) => !isMissing(one)).flatMap(foldersOfRegistry));
  const lost = new Set(registries.filter(({ sessions }) => !found.has(sessions)).map(({ sessions }) => sessions));
  return transcripts.some(({ dialect, path }) => dialect === "openclaw" && lost.has(dirname(path)));
}

/**
 * Whether process ids in this home are a stranger's: container paths were configured or are found in a registry, a process of
 * another pid namespace has the home mounted, or we are in a container ourselves and see no gateway in there.
 */
export function areForeign({ settings, openclaw, claude, registries }: Installation): boolean {
  if (settings.foreignPids !== "auto") return settings.foreignPids;
  if (Object.keys(settings.paths).length > 0) return true;
  if (openclaw && (namesAnotherHost(openclaw.home, registries) || isMountedElsewhere(openclaw.home))) return true;
  return [openclaw, claude].some((one) => one !== null && isLentHome(one.home));
}

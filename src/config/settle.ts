import { defaults } from "./defaults.ts";
import { findClaudeHome, findOpenclawHome, type Home } from "./homes.ts";
import { absolutePath, logSource, type PathBase } from "./paths.ts";
import type { Configuration, InstallationConfiguration } from "./schema.ts";
import type { InstallationSettings, Settings } from "./settings.ts";

type Surroundings = PathBase & { env: NodeJS.ProcessEnv };

/**
 * One installation with every path absolute. A home that is not named comes from the environment or the default places,
 * `false` is none.
 * @param asked undefined: nothing is configured
 */
export function settleInstallation(
  name: string,
  asked: InstallationConfiguration | undefined,
  surroundings: Surroundings,
): InstallationSettings {
  const absolute = (path: string) => absolutePath(path, surroundings);
  const { claude, gateway, ...rest } = defaults.installation;
  const openclawHome = chooseHome(asked?.openclaw, () => findOpenclawHome(surroundings), absolute);
  const claudeHome = chooseHome(asked?.claude, () => findClaudeHome(surroundings), absolute);
  const workspace = asked?.workspace ?? rest.workspace;
  const memoryNote = asked?.memoryNote ?? rest.memoryNote;
  const logs = asked?.gateway.logs ?? gateway.logs;
  const { personalSessions, personalMaxSize } = asked?.claude || claude;
  return {
    name,
    openclaw: openclawHome && { home: openclawHome.path, version: (asked?.openclaw || undefined)?.version ?? "auto" },
    claude: claudeHome && { home: claudeHome.path, personalSessions, personalMaxSize },
    configured: { openclaw: openclawHome?.configured ?? false, claude: claudeHome?.configured ?? false },
    workspace: workspace === "auto" ? workspace : absolute(workspace),
    memoryNote: memoryNote === false ? null : memoryNote.startsWith("{") ? memoryNote : absolute(memoryNote),
    gateway: { ...(asked?.gateway ?? gateway), logs: logs?.map((log) => logSource(log, surroundings)) ?? null },
    paths: Object.fromEntries(
      Object.entries(asked?.paths ?? {}).map(([inside, here]) => [absolute(inside), absolute(here)]),
    ),
    foreignPids: asked?.foreignPids ?? rest.foreignPids,
  };
}

function chooseHome(
  asked: { home?: string | undefined } | false | undefined,
  find: () => Home | null,
  absolute: (path: string) => string,
): Home | null {
  if (asked === false) return null;
  return asked?.home === undefined ? find() : { path: absolute(asked.home), configured: true };
}

type Sections = Omit<Settings, "configFile" | "installations" | "bystanders" | "stateDirectory">;

/** Everything but the installations when there is no configuration file. */
export function defaultSections(): Sections {
  const { rotate, corruption, locks, archive, registry, notify, ping, metrics, log } = defaults;
  return {
    rotate: { ...rotate },
    corruption: { ...corruption, signatures: [...corruption.signatures], ignore: [...corruption.ignore] },
    locks: { ...locks },
    archive: { ...archive, keep: { ...archive.keep } },
    registry: { ...registry, tokens: { ...registry.tokens } },
    notify: { ...notify, on: [...notify.on] },
    ping: { ...ping },
    metrics: { ...metrics },
    log: { ...log },
  };
}

/** The same from a configuration, every path absolute. */
export function settleSections({ installations: _, ...sections }: Configuration, base: PathBase): Sections {
  const absolute = (path: string | null) => (path === null ? null : absolutePath(path, base));
  return {
    ...sections,
    archive: { ...sections.archive, directory: absolute(sections.archive.directory) },
    metrics: { textfile: absolute(sections.metrics.textfile) },
    log: { ...sections.log, file: absolute(sections.log.file) },
  };
}

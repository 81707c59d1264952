import type { InstallationSettings } from "../config/settings.ts";
import { argvOf } from "../host/processes.ts";
import { configPathOf } from "./config-path.ts";
import { type ContainerPaths, findContainerPaths } from "./container-paths.ts";
import { decideEra } from "./era.ts";
import { eraWitnesses } from "./era-witnesses.ts";
import { gatewayPidOf } from "./gateway.ts";
import type { Installation, OpenClawHome } from "./installation.ts";
import { readOpenClawConfig } from "./openclaw-config.ts";
import { isOpenClaw } from "./openclaw-process.ts";
import { unmapPath, userHomeOf } from "./paths.ts";
import { findRegistries } from "./registries.ts";

/**
 * What an OpenClaw home is and holds. `paths`: of a container, as they were configured or found. `userHome`: what `~` is to the
 * gateway.
 */
type FoundOpenClaw = {
  openclaw: OpenClawHome | null;
  registries: Installation["registries"];
  paths: Record<string, string>;
  containerPaths?: ContainerPaths | undefined;
  userHome: string;
};

/**
 * Looks up the gateway's configuration, registries and era. Where nobody configured what paths inside a container are, and the
 * gateway names such paths, that is found out first.
 *
 * @param home its real path; undefined: there is none
 * @param before what was found earlier in this run
 */
export async function findOpenClaw(
  home: string | undefined,
  settings: InstallationSettings,
  { env, homeDirectory }: { env: NodeJS.ProcessEnv; homeDirectory: string },
  unreadable: Installation["unreadable"],
  before?: Installation,
): Promise<FoundOpenClaw> {
  if (home === undefined) return { openclaw: null, registries: [], paths: settings.paths, userHome: homeDirectory };
  const config = await readOpenClawConfig(configPathOf(home, { env, homeDirectory }), env);
  const problems: Installation["unreadable"] = [];
  let registries = findRegistries(home, config, settings.paths, homeDirectory, problems, before?.registries);
  const workspace = settings.workspace === "auto" ? undefined : settings.workspace;
  const isConfigured = Object.keys(settings.paths).length > 0;
  const containerPaths =
    before?.containerPaths ?? (isConfigured ? undefined : findContainerPaths(home, config, registries, workspace));
  const paths = containerPaths?.paths ?? settings.paths;
  const userHome = userHomeOf(home, paths, homeDirectory);
  if (config.store && unmapPath(home, paths) !== home) {
    problems.length = 0;
    registries = findRegistries(home, config, paths, userHome, problems, registries);
  }
  unreadable.push(...problems);
  const witnesses = eraWitnesses({
    home,
    config,
    registries,
    configuredVersion: settings.openclaw?.version ?? "auto",
    gatewayPid: gatewayPidOf(home) ?? gatewayAmong(containerPaths),
    searchPath: env.PATH ?? "",
  });
  return { openclaw: { home, config, era: decideEra(witnesses) }, registries, paths, containerPaths, userHome };
}

/** The process whose mounts were looked at, if it is a gateway. */
function gatewayAmong(found: ContainerPaths | undefined): number | undefined {
  return found?.from === "mounts" && isOpenClaw(argvOf(found.pid)) ? found.pid : undefined;
}

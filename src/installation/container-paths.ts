import { existsSync, statSync } from "node:fs";
import { dirname, isAbsolute } from "node:path";
import { lookAt } from "../disk/fingerprint.ts";
import { isWithin, mountsOf, pathOf } from "../host/mounts.ts";
import { argvOf } from "../host/processes.ts";
import type { AgentRegistry } from "./installation.ts";
import type { OpenClawConfig } from "./openclaw-config.ts";
import { isOpenClaw } from "./openclaw-process.ts";
import { mapPath, realPathOr } from "./paths.ts";
import { type Sharer, sharersOf } from "./sharers.ts";

/**
 * How paths that a gateway in a container names are read here, and what showed that: the mounts of a process of the container
 * (`pid` is its number here), or just the transcripts that registries name and that lie in our home.
 */
export type ContainerPaths = { paths: Record<string, string> } & (
  | { from: "mounts"; pid: number }
  | { from: "registries" }
);

/** Where gateways log when nobody says otherwise. */
const LOGS = "/tmp/openclaw";

/** So many of a registry's transcripts tell as well as all of them where they lie. */
const SAMPLE = 100;

/**
 * Finds out what paths inside a container are here, where the gateway names places that are none of this host's. Costs a look
 * at all processes, but only then. Reads only.
 *
 * @param workspace one that a person named, as it is here
 */
export function findContainerPaths(
  home: string,
  config: OpenClawConfig,
  registries: readonly AgentRegistry[],
  workspace?: string,
): ContainerPaths | undefined {
  const states = stateFoldersIn(registries);
  const foreign = [...states.keys()].filter((state) => isForeign(state, home));
  const places = [config.defaultWorkspace, config.logFile, config.store, ...config.agents.map((one) => one.workspace)];
  const named = places.filter((path): path is string => path !== undefined && isAbsolute(path));
  const unknown = named.filter((path) => !isWithin(path, home) && !existsSync(path));
  if (foreign.length === 0 && unknown.length === 0) return undefined;
  const wanted = { inside: [...named, LOGS], here: workspace === undefined ? [home] : [home, workspace] };
  return fromMounts(home, foreign, unknown, wanted) ?? fromRegistries(home, foreign, states);
}

/** True when a registry names transcripts in a state folder that this host cannot have had. */
export function namesAnotherHost(home: string, registries: readonly AgentRegistry[]): boolean {
  return [...stateFoldersIn(registries).keys()].some((state) => isForeign(state, home) && isOfAnotherHost(state, home));
}

/** The state folders in which registries name transcripts, each with what they name below it. */
function stateFoldersIn(registries: readonly AgentRegistry[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const { registry } of registries) {
    for (const { sessionFile } of registry.entries) {
      const [, state, below] = /^(\/.+?)(\/agents\/[^/]+\/sessions\/[^/]+)$/.exec(sessionFile ?? "") ?? [];
      if (!state || !below) continue;
      const known = found.get(state);
      if (!known) found.set(state, [below]);
      else if (known.length < SAMPLE) known.push(below);
    }
  }
  return found;
}

function isForeign(state: string, home: string): boolean {
  return state !== home && realPathOr(state) !== home;
}

/** A home that was moved, on this host, leaves its user's own folder behind; a container's user is none of this host. */
function isOfAnotherHost(state: string, home: string): boolean {
  const above = dirname(state);
  return !existsSync(state) && !(existsSync(above) && statSync(above).uid === statSync(home).uid);
}

/** Paths of either side that have to be told on the other one. */
type Wanted = { inside: readonly string[]; here: readonly string[] };

function fromMounts(
  home: string,
  foreign: readonly string[],
  unknown: readonly string[],
  wanted: Wanted,
): ContainerPaths | undefined {
  let best: { pid: number; paths: Record<string, string>; weight: number } | undefined;
  const looked = new Set<Sharer["mounts"]>(); // all processes of a container have the same
  for (const sharer of sharersOf(home)) {
    const isGateway = isOpenClaw(argvOf(sharer.pid));
    if (!sharer.isMounted || (looked.has(sharer.mounts) && !isGateway)) continue;
    looked.add(sharer.mounts);
    const paths = pathsFor(sharer, home, wanted);
    const isNamed = foreign.includes(sharer.home);
    const leadsSomewhere = unknown.some((path) => existsSync(mapPath(path, paths)));
    const weight = (isNamed ? 4 : 0) + (isGateway ? 2 : 0) + (leadsSomewhere ? 1 : 0);
    if (weight > (best?.weight ?? 0)) best = { pid: sharer.pid, paths, weight };
  }
  return best && Object.keys(best.paths).length > 0 ? { from: "mounts", pid: best.pid, paths: best.paths } : undefined;
}

/** Folders of ours that a process sees under other names, as far as they are wanted. */
function pathsFor(sharer: Sharer, home: string, wanted: Wanted): Record<string, string> {
  const ours = mountsOf("self");
  const paths: Record<string, string> = sharer.home === home ? {} : { [sharer.home]: home };
  for (const { device, root, at } of sharer.mounts) {
    const here = at === "/" ? undefined : pathOf({ device, path: root }, ours);
    if (here === undefined || here === at || !isFolder(here)) continue;
    const isWanted =
      isWithin(here, home) ||
      wanted.here.some((path) => isWithin(path, here)) ||
      wanted.inside.some((path) => isWithin(path, at));
    if (isWanted) paths[at] ??= here;
  }
  return paths;
}

/** The same state folder, foreign to this host, for all that is not named as it is here; and the files are here. */
function fromRegistries(
  home: string,
  foreign: readonly string[],
  states: ReadonlyMap<string, string[]>,
): ContainerPaths | undefined {
  const [state, another] = foreign;
  if (state === undefined || another !== undefined || !isOfAnotherHost(state, home)) return undefined;
  const named = states.get(state) ?? [];
  const here = named.filter((below) => isHere(home + below));
  return here.length > 0 && here.length * 2 >= named.length
    ? { from: "registries", paths: { [state]: home } }
    : undefined;
}

function isHere(path: string): boolean {
  try {
    return lookAt(path)?.kind === "file";
  } catch {
    return false;
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

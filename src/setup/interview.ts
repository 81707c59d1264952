import { findProgram } from "../host/find-program.ts";
import { realPathOr } from "../installation/paths.ts";
import type { FoundInstallation } from "./commented-configuration.ts";
import { type Container, containerOf } from "./containers.ts";
import type { FoundHomes } from "./find-homes.ts";
import type { GatewayService } from "./gateway-units.ts";

/** What else is on the machine. `hasLogs`: the gateway's logs are found where runs look for them anyway. */
export type Evidence = {
  services: readonly GatewayService[];
  containers: readonly Container[];
  hasLogs: boolean;
  /** runs are root's, for homes of all users */
  asRoot: boolean;
  searchPath: string;
};

/** What a configuration should say of one installation, from what was found. */
export function describeInstallation(homes: FoundHomes, evidence: Evidence): FoundInstallation {
  const { openclaw, claude } = homes;
  const service = serviceOf(homes, evidence.services);
  const container = openclaw === undefined ? undefined : containerOf(realPathOr(openclaw), evidence.containers);
  return {
    ...(openclaw === undefined ? {} : { openclawHome: { says: written(openclaw, homes, evidence) } }),
    ...(claude === undefined ? {} : { claudeHome: { says: written(claude, homes, evidence) } }),
    ...withoutProgram(homes, evidence),
    ...(container ? byContainer(container, homes, evidence) : service ? byService(service, homes) : {}),
    ...(service && !container && !evidence.hasLogs
      ? { logs: { says: [`journal:${service.unit}`], because: `of ${service.path}; there is no log file` } }
      : {}),
    ...((service || container) && openclaw !== undefined ? healthOf(homes, evidence, container) : {}),
  };
}

/** A name for each installation: what runs take by themselves is the default. Pure. */
export function nameHomes(homes: readonly FoundHomes[]): [name: string, FoundHomes][] {
  const users = new Set(homes.map(({ account }) => account.user));
  return homes.map((one) => {
    const { account, profile } = one;
    if (users.size === 1) return [profile ?? "default", one];
    return [profile === undefined ? account.user : `${account.user}-${profile}`, one];
  });
}

/** The unit that says so of itself, else the one for this profile, else the only one that says nothing. Pure. */
export function serviceOf(
  { openclaw, profile, account }: FoundHomes,
  services: readonly GatewayService[],
): GatewayService | undefined {
  if (openclaw === undefined) return undefined;
  const mine = services.filter(
    ({ scope, user = "root", stateFolder }) => stateFolder !== undefined || scope === "user" || user === account.user,
  );
  const real = realPathOr(openclaw);
  const named = mine.find(({ stateFolder }) => stateFolder !== undefined && realPathOr(stateFolder) === real);
  return named ?? mine.find((one) => one.stateFolder === undefined && one.profile === profile);
}

function byService({ unit, path, scope }: GatewayService, { account }: FoundHomes): FoundInstallation {
  const words = scope === "user" ? ["systemctl", "--user"] : account.uid === 0 ? ["systemctl"] : ["sudo", "systemctl"];
  return { restart: { says: [...words, "restart", unit], because: `found ${path}` } };
}

function byContainer(
  { name, inside }: { name: string; inside: string },
  { openclaw = "", claude }: FoundHomes,
  { containers }: Evidence,
): FoundInstallation {
  const claudeInside = claude === undefined ? undefined : containerOf(realPathOr(claude), containers);
  const pairs = [
    [inside, openclaw],
    ...(claude !== undefined && claudeInside?.name === name ? [[claudeInside.inside, claude]] : []),
  ].filter(([from, to]) => from !== to);
  return {
    restart: { says: ["docker", "restart", name], because: `the container ${name} has this home mounted` },
    ...(pairs.length > 0 ? { paths: { says: Object.fromEntries(pairs) as unknown } } : {}),
  };
}

function healthOf(
  { profile }: FoundHomes,
  { searchPath }: Evidence,
  container: { name: string } | undefined,
): FoundInstallation {
  const words = ["openclaw", ...(profile === undefined ? [] : ["--profile", profile]), "health", "--json"];
  if (container) return { health: { says: ["docker", "exec", container.name, ...words] } };
  const program = findProgram("openclaw", searchPath);
  return program === undefined ? {} : { health: { says: words, because: `found ${program}` } };
}

/** What is left out is looked for in the home of whoever runs this: for root that would be another one than this bot's. */
function withoutProgram({ openclaw, claude, account }: FoundHomes, { asRoot }: Evidence): FoundInstallation {
  if (!asRoot || account.uid === 0) return {};
  if (openclaw === undefined) return { without: "openclaw" };
  return claude === undefined ? { without: "claude" } : {};
}

/** A home below that of the user who runs this is written with a tilde: the configuration moves with its owner. */
function written(path: string, { account }: FoundHomes, { asRoot }: Evidence): string {
  const isBelow = !asRoot && path.startsWith(`${account.directory}/`);
  return isBelow ? `~/${path.slice(account.directory.length + 1)}` : path;
}

import { KeeperError } from "../errors.ts";
import { defaults } from "./defaults.ts";
import { findConfiguration } from "./find.ts";
import { absolutePath, logSource } from "./paths.ts";
import type { InstallationSettings, PersonalPolicy, Settings, Strategy } from "./settings.ts";
import { defaultSections, settleInstallation, settleSections } from "./settle.ts";
import { parseDuration, parseSize, quoteValue } from "./units.ts";

/** The options that bear on settings, as typed. */
export type Flags = {
  config?: string | undefined;
  installation?: string[] | undefined;
  openclawHome?: string | undefined;
  claudeHome?: string | undefined;
  gatewayLog?: string[] | undefined;
  archiveDir?: string | undefined;
  stateDir?: string | undefined;
  maxSize?: string | undefined;
  strategy?: string | undefined;
  personal?: string | undefined;
  inactiveFor?: string | undefined;
};

/** What the process finds itself in. `uid` is the effective user; `systemDirectory` is `/etc/session-keeper`. */
export type Surroundings = {
  env: NodeJS.ProcessEnv;
  homeDirectory: string;
  uid: number;
  cwd: string;
  systemDirectory: string;
};

/**
 * Puts configuration, environment and flags together; every path absolute. Looks for default homes, and at nothing else.
 * @throws KeeperError `usage` for a flag that cannot be, `config` for a configuration that cannot be read or accepted
 */
export async function loadSettings(flags: Flags, surroundings: Surroundings): Promise<Settings> {
  const choices = readChoices(flags);
  const files = findConfiguration(flags.config, surroundings);
  // The validator takes longer to load than an idle run may last, so a run without a file never loads it.
  const configuration = files === null ? null : (await import("./read.ts")).readConfiguration(files, surroundings.uid);
  const configured = Object.entries(configuration?.installations ?? {});
  const known = (configured.length > 0 ? configured : [["default", undefined] as const]).map(([name, asked]) =>
    settleInstallation(name, asked, surroundings),
  );

  const installations = select(known, flags.installation ?? []);
  const settings: Settings = {
    configFile: files?.[0] ?? null,
    installations,
    bystanders: known.filter((one) => !installations.includes(one)),
    ...(configuration === null ? defaultSections() : settleSections(configuration, surroundings)),
    stateDirectory: flags.stateDir === undefined ? null : folder("--state-dir", flags.stateDir, surroundings),
  };
  overrideInstallation(settings.installations, flags, surroundings);
  if (flags.archiveDir !== undefined) {
    settings.archive.directory = folder("--archive-dir", flags.archiveDir, surroundings);
  }
  if (choices.maxSize !== undefined) settings.rotate.maxSize = choices.maxSize;
  if (choices.inactiveFor !== undefined) settings.archive.inactiveFor = choices.inactiveFor;
  if (choices.strategy !== undefined) settings.rotate.strategy = choices.strategy;
  for (const { claude } of settings.installations) {
    if (claude !== null && choices.personal !== undefined) claude.personalSessions = choices.personal;
  }
  return settings;
}

function select(known: InstallationSettings[], wanted: readonly string[]): InstallationSettings[] {
  const names = known.map(({ name }) => name);
  for (const name of wanted) {
    if (!names.includes(name)) {
      throw usage(
        `--installation: there is no installation ${quoteValue(name)}; known are: ${names.join(", ")}`,
        "name one of these, or leave the option out for all",
      );
    }
  }
  return wanted.length === 0 ? known : known.filter(({ name }) => wanted.includes(name));
}

/** The flags that name places of one installation: there must be exactly one that they can mean. */
function overrideInstallation(installations: InstallationSettings[], flags: Flags, surroundings: Surroundings): void {
  const { openclawHome, claudeHome } = flags;
  const gatewayLogs = flags.gatewayLog ?? [];
  const given = [
    ...(openclawHome === undefined ? [] : ["--openclaw-home"]),
    ...(claudeHome === undefined ? [] : ["--claude-home"]),
    ...(gatewayLogs.length === 0 ? [] : ["--gateway-log"]),
  ];
  const [installation, second] = installations;
  if (given.length === 0 || installation === undefined) return;
  if (second !== undefined) {
    const names = installations.map(({ name }) => name).join(", ");
    throw usage(
      `${given.join(", ")}: expected one installation, but these are selected: ${names}`,
      "choose one with -i NAME",
    );
  }
  if (openclawHome !== undefined) {
    const home = folder("--openclaw-home", openclawHome, surroundings);
    installation.openclaw = { version: "auto", ...installation.openclaw, home };
    installation.configured.openclaw = true;
  }
  if (claudeHome !== undefined) {
    const home = folder("--claude-home", claudeHome, surroundings);
    installation.claude = { ...defaults.installation.claude, ...installation.claude, home };
    installation.configured.claude = true;
  }
  if (gatewayLogs.length > 0) {
    installation.gateway.logs = gatewayLogs.map((log) => {
      if (log === "") throw usage('--gateway-log: expected a file, got ""', "name a file, a glob or journal:UNIT");
      return logSource(log, surroundings);
    });
  }
}

function folder(option: string, path: string, surroundings: Surroundings): string {
  if (path === "") throw usage(`${option}: expected a folder, got ""`, "name a folder, or leave the option out");
  return absolutePath(path, surroundings);
}

function readChoices({ maxSize, strategy, personal, inactiveFor }: Flags) {
  return {
    maxSize: maxSize === undefined ? undefined : parseSize(maxSize, "--max-size"),
    inactiveFor: inactiveFor === undefined ? undefined : parseDuration(inactiveFor, "--inactive-for"),
    strategy: oneOf<Strategy>("--strategy", strategy, ["auto", "cut", "digest", "empty"]),
    personal: oneOf<PersonalPolicy>("--personal", personal, ["ignore", "cut", "all"]),
  };
}

function oneOf<Word extends string>(
  option: string,
  word: string | undefined,
  words: readonly Word[],
): Word | undefined {
  const known = words.find((candidate) => candidate === word);
  if (known !== undefined || word === undefined) return known;
  throw usage(`${option}: expected ${words.join(", ")}, got ${quoteValue(word)}`, "write one of these words");
}

function usage(message: string, hint: string): KeeperError {
  return new KeeperError("usage", message, `nothing was changed; ${hint}`);
}

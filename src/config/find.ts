import { lstatSync, readdirSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { describeError, errnoOf, KeeperError } from "../errors.ts";
import { absolutePath, type PathBase } from "./paths.ts";

/** What the search for the configuration depends on. `systemDirectory` is `/etc/session-keeper`. */
export type SearchPlaces = PathBase & { env: NodeJS.ProcessEnv; systemDirectory: string };

/**
 * The configuration files in the order they are merged: one, or the system's `config.json5` and its `conf.d`. None: null.
 * The first place that has any wins: `--config`, `$SESSION_KEEPER_CONFIG`, the user's, the system's.
 * @throws KeeperError `config` when a named file is missing, or a place cannot be looked into
 */
export function findConfiguration(named: string | undefined, places: SearchPlaces): string[] | null {
  if (named !== undefined) return [namedFile(named, "--config", places)];
  const fromEnvironment = places.env.SESSION_KEEPER_CONFIG;
  if (fromEnvironment) return [namedFile(fromEnvironment, "$SESSION_KEEPER_CONFIG", places)];

  const userFile = join(userConfigDirectory(places), "session-keeper", "config.json5");
  if (exists(userFile)) return [userFile];

  const systemFile = join(places.systemDirectory, "config.json5");
  const files = [...(exists(systemFile) ? [systemFile] : []), ...dropIns(join(places.systemDirectory, "conf.d"))];
  return files.length > 0 ? files : null;
}

function namedFile(path: string, namedBy: string, places: SearchPlaces): string {
  const file = absolutePath(path, places);
  if (path !== "" && exists(file)) return file;
  throw new KeeperError(
    "config",
    path === "" ? `${namedBy}: expected a file, got ""` : `${namedBy}: there is no file ${file}`,
    "nothing was changed; correct the path, or leave it out to use the default places",
  );
}

/** A relative `$XDG_CONFIG_HOME` is ignored, as the XDG base directory specification asks. */
function userConfigDirectory({ env, homeDirectory }: SearchPlaces): string {
  const configured = env.XDG_CONFIG_HOME;
  return configured && isAbsolute(configured) ? configured : join(homeDirectory, ".config");
}

function dropIns(directory: string): string[] {
  const names = look(directory, () => readdirSync(directory)) ?? [];
  return names
    .filter((name) => name.endsWith(".json5") && !name.startsWith("."))
    .sort()
    .map((name) => join(directory, name));
}

/** A link that leads nowhere exists: somebody meant a configuration to be there, and reading it will say what is wrong. */
function exists(path: string): boolean {
  return look(path, () => lstatSync(path)) !== undefined;
}

function look<Seen>(path: string, see: () => Seen): Seen | undefined {
  try {
    return see();
  } catch (cause) {
    const errno = errnoOf(cause);
    if (errno === "ENOENT" || errno === "ENOTDIR") return undefined;
    throw new KeeperError(
      "config",
      `cannot look for the configuration ${path}: ${describeError(cause)}`,
      "nothing was changed; make it readable for this user, or name another file with --config",
      cause,
    );
  }
}

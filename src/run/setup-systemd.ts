import { basename, dirname, join } from "node:path";
import { loadSettings } from "../config/load.ts";
import type { Settings } from "../config/settings.ts";
import { openDisk } from "../disk/disk.ts";
import { discover } from "../installation/discover.ts";
import { reportChange } from "../report/change-wording.ts";
import type { SetupReport } from "../report/document.ts";
import { placeWords } from "../report/places.ts";
import { nearestThere } from "../setup/access.ts";
import { leadingVariables } from "../setup/configuration-facts.ts";
import { installUnits, uninstallUnits } from "../setup/install-units.ts";
import { type Unit, type UnitPlaces, unitsFor } from "../setup/units.ts";
import { foldersOf } from "./archive-folders.ts";
import { foreignOwnerOf } from "./as-owner.ts";
import { absoluteFlags, ownProgram } from "./own-call.ts";
import type { Request, World } from "./run.ts";
import type { Deed } from "./setup.ts";
import { stateDirectoryFor, stateDirectoryOf } from "./state-directory.ts";

type Context = { request: Request; world: World };

/** Prints the units for systemd, or keeps them where it looks for them: of the system for root, else of this user. */
export async function setUpSystemd(deed: Deed, context: Context): Promise<SetupReport> {
  const { request, world } = context;
  const { uid, env, homeDirectory } = world.surroundings;
  const scope = uid === 0 ? "system" : "user";
  const settings = await loadSettings(request.flags, world.surroundings);
  const places = await placesFor(scope, settings, context);
  const units = unitsFor(places);
  const folder = scope === "system" ? "/etc/systemd/system" : join(homeDirectory, ".config", "systemd", "user");
  if (deed === "print") return { text: asText(units, folder) };
  const disk = request.dryRun ? undefined : openDisk();
  const tools = { disk, scope, folder, uid, env } as const;
  const changes =
    deed === "install"
      ? await installUnits(units, tools)
      : await uninstallUnits(
          units.map(({ name }) => name),
          tools,
        );
  return { changes: changes.map(reportChange) };
}

function asText(units: readonly Unit[], folder: string): string {
  return units.map(({ name, text }) => `# ${join(folder, name)}\n${text}`).join("\n");
}

async function placesFor(scope: UnitPlaces["scope"], settings: Settings, context: Context): Promise<UnitPlaces> {
  const { surroundings } = context.world;
  const { words, folders } = ownProgram(surroundings);
  const searchPath = [...folders, "/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];
  return {
    scope,
    program: words,
    searchPath: [...new Set(searchPath)].join(":"),
    options: placeWords(absoluteFlags(context.request.flags, surroundings)),
    variables: leadingVariables(surroundings.env),
    writable: withoutNested(await writtenPaths(settings, surroundings)),
    gainsRights: commandsIn(settings).some(([word = ""]) => /^(sudo|doas|pkexec|su|run0)$/.test(basename(word))),
  };
}

/** What runs write to; of what is not there yet the folder in which it will be made. */
async function writtenPaths(settings: Settings, surroundings: World["surroundings"]): Promise<string[]> {
  const paths = [stateDirectoryOf(settings, surroundings)];
  for (const asked of settings.installations) {
    const installation = await discover(asked, surroundings, "locks").catch(() => undefined);
    if (!installation) continue; // what is not there is not written to; its runs fail, and say so
    const { openclaw, claude, workspaces } = installation;
    const owner = foreignOwnerOf(installation);
    const note = workspaces[0] === undefined ? null : asked.memoryNote;
    paths.push(
      ...[openclaw?.home, claude?.home].filter((home) => home !== undefined),
      ...foldersOf(installation, settings),
      ...(note === null ? [] : [dirname(note.replaceAll("{workspace}", workspaces[0] ?? ""))]),
      ...(owner ? [stateDirectoryFor(owner, settings, surroundings)] : []),
    );
  }
  for (const file of [settings.log.file, settings.metrics.textfile]) if (file !== null) paths.push(dirname(file));
  return paths.map((path) => {
    const there = nearestThere(path);
    return there === "/" ? path : there; // nobody means to have all of the disk written to
  });
}

function withoutNested(paths: readonly string[]): string[] {
  const all = [...new Set(paths)].sort();
  return all.filter(
    (path) => !all.some((other) => other !== path && path.startsWith(other === "/" ? "/" : `${other}/`)),
  );
}

/** Every command that a run may start. */
function commandsIn({ installations, rotate, notify }: Settings): string[][] {
  const ofGateways = installations.flatMap(({ gateway: { restart, health } }) => [restart, health]);
  return [...ofGateways, rotate.summarize, notify.command].filter((command) => command !== null);
}

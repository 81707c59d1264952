import { statfsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import type { Settings } from "../config/settings.ts";
import { type Mount, mountOf, mountsOf } from "../host/mounts.ts";
import type { Installation } from "../installation/installation.ts";
import { mapPath } from "../installation/paths.ts";
import { findObstacle, type Need, nearestThere, type Obstacle } from "./access.ts";

/** What there is to say of the places that one installation's runs use. Sizes in bytes. */
export type FileFacts = {
  /** how many paths were tried */
  tried: number;
  obstacles: Obstacle[];
  uid: number;
  /** homes that others than their owner can look into, with their modes */
  open: { path: string; mode: number }[];
  places: { path: string; role: "home" | "archives" | "state"; device: number; mount?: Mount }[];
  archives: { path: string; freeBytes: number; isOwnDisk: boolean }[];
  transcriptBytes: number;
  /** the transcript that was written to last */
  newest?: { path: string; mtimeMs: number };
};

/** Tries every path that a run reads or writes, as whoever this process is. Writes nothing. */
export function gatherFiles(
  installation: Installation,
  settings: Settings,
  { archiveFolders, stateDirectory }: { archiveFolders: readonly string[]; stateDirectory: string },
): FileFacts {
  const mounts = mountsOf("self");
  const homes = [installation.openclaw?.home, installation.claude?.home].filter((home) => home !== undefined);
  const wanted = needsOf(installation, settings, archiveFolders, stateDirectory);
  const place = (path: string, role: "home" | "archives" | "state") => {
    const at = nearestThere(path);
    const mount = mountOf(at, mounts);
    return { path, role, device: statSync(at).dev, ...(mount ? { mount } : {}) };
  };
  const places = [
    ...homes.map((path) => place(path, "home")),
    ...archiveFolders.map((path) => place(path, "archives")),
    place(stateDirectory, "state"),
  ];
  const files = installation.transcripts.map(({ path, fingerprint }) => ({ path, ...fingerprint }));
  const newest = files.toSorted((a, b) => b.mtimeMs - a.mtimeMs)[0];
  const devices = new Set(places.filter(({ role }) => role === "home").map(({ device }) => device));
  return {
    tried: wanted.length,
    obstacles: wanted.flatMap(([path, need]) => findObstacle(path, need) ?? []),
    uid: process.geteuid?.() ?? 0,
    open: homes.map((path) => ({ path, mode: statSync(path).mode & 0o777 })).filter(({ mode }) => (mode & 0o077) !== 0),
    places,
    archives: archiveFolders.map((path) => ({
      path,
      freeBytes: freeBytesAt(path),
      isOwnDisk: !devices.has(statSync(nearestThere(path)).dev),
    })),
    transcriptBytes: files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    ...(newest ? { newest: { path: newest.path, mtimeMs: newest.mtimeMs } } : {}),
  };
}

function needsOf(
  { openclaw, claude, registries, transcripts, workspaces, settings: own }: Installation,
  settings: Settings,
  archiveFolders: readonly string[],
  stateDirectory: string,
): [string, Need][] {
  const isLeftAlone = openclaw?.era.era === "S";
  const openclawNeed: Need = isLeftAlone ? "read" : "change";
  const ofOpenClaw = registries.flatMap(({ path, sessions, registry }): [string, Need][] => [
    [sessions, openclawNeed],
    ...(registry.problem === "missing" ? [] : [[path, openclawNeed] satisfies [string, Need]]),
  ]);
  const note = own.memoryNote;
  const notes = workspaces.slice(0, 1).map((workspace): [string, Need] => {
    const folder = dirname((note ?? "").replaceAll("{workspace}", workspace));
    return [mapPath(folder, own.paths), "make"];
  });
  const all: [string, Need][] = [
    ...(openclaw ? ([[openclaw.home, openclawNeed]] satisfies [string, Need][]) : []),
    ...ofOpenClaw,
    ...(claude ? ([[claude.home, "change"]] satisfies [string, Need][]) : []),
    ...transcripts.flatMap(({ path, dialect }): [string, Need][] => {
      const need = dialect === "openclaw" ? openclawNeed : "change";
      return [
        [dirname(path), need],
        [path, need],
      ];
    }),
    ...archiveFolders.map((path): [string, Need] => [path, "make"]),
    ...(note === null ? [] : notes),
    [stateDirectory, "make"],
    ...[settings.log.file, settings.metrics.textfile].flatMap((file): [string, Need][] =>
      file === null ? [] : [[dirname(file), "change"]],
    ),
  ];
  return [...new Map(all.map((one) => [one.join("\0"), one])).values()];
}

function freeBytesAt(path: string): number {
  const { bavail, bsize } = statfsSync(nearestThere(path));
  return bavail * bsize;
}

import { sep } from "node:path";
import { type Check, type CheckKind, linesOf } from "./check.ts";
import type { FileFacts } from "./file-facts.ts";
import { type MountNature, natureOf } from "./mount-nature.ts";

const [file, archive] = [linesOf("files"), linesOf("archives")];

const GB = 1_000_000_000;
const MOST_TOLD = 8;
/** A difference that no clock makes by itself. */
const AHEAD_MS = 3_600_000;

/** Whether a run can use what it has to use, and what the disks below mean. Pure. */
export function checkFiles(facts: FileFacts, nowMs: number): Check[] {
  return [
    ...checkAccess(facts),
    ...facts.open.map(({ path, mode }) => file("home-open", "advice", { mode: octal(mode) }, path)),
    ...checkMounts(facts),
    ...checkTimes(facts, nowMs),
  ];
}

/** Whether archives have room, and lie where they last. Pure. */
export function checkArchives({ archives, transcriptBytes, places }: FileFacts): Check[] {
  const wantedBytes = Math.max(GB, 2 * transcriptBytes);
  return archives.flatMap(({ path, freeBytes, isOwnDisk }) => {
    const evidence = { freeBytes, wantedBytes, transcriptBytes };
    const isPassing = /^\/(?:tmp|var\/tmp|dev\/shm|run)(?:\/|$)/.test(path);
    const isBelowHome = places.some(({ role, path: home }) => role === "home" && path.startsWith(home + sep));
    return [
      freeBytes < wantedBytes
        ? archive("archive-space-low", "warning", evidence, path)
        : archive("archive-space", "ok", evidence, path),
      ...(isPassing ? [archive("archive-passing", "error", {}, path)] : []),
      isOwnDisk
        ? archive("archive-own-disk", "ok", {}, path)
        : archive("archive-same-disk", "advice", { isBelowHome }, path),
    ];
  });
}

function checkAccess({ obstacles, tried, uid }: FileFacts): Check[] {
  if (obstacles.length === 0) return [file("paths-usable", "ok", { tried })];
  const told = obstacles.slice(0, MOST_TOLD).map(({ path, need, at, errno, owner, mode }) =>
    file(
      need === "read" ? "path-unreadable" : "path-unwritable",
      "error",
      {
        at,
        errno,
        uid,
        ...(owner === undefined ? {} : { owner }),
        ...(mode === undefined ? {} : { mode: octal(mode) }),
      },
      path,
    ),
  );
  const rest = obstacles.length - told.length;
  return rest > 0 ? [...told, file("paths-more", "error", { count: rest })] : told;
}

const MOUNTS: Record<MountNature, { kind: CheckKind; severity: Check["severity"] }> = {
  disk: { kind: "disk-local", severity: "ok" },
  memory: { kind: "disk-memory", severity: "warning" },
  network: { kind: "disk-network", severity: "warning" },
  layer: { kind: "disk-layer", severity: "warning" },
  unknown: { kind: "disk-unknown", severity: "advice" },
};

function checkMounts({ places }: FileFacts): Check[] {
  const told = new Map<string, Check>();
  for (const { path, role, mount } of places) {
    if (!mount) continue;
    const { kind, severity } = MOUNTS[natureOf(mount.type)];
    const evidence = { role, type: mount.type, point: mount.at };
    const key = `${kind} ${mount.at}`;
    if (!told.has(key)) told.set(key, file(kind, severity, evidence, path));
    if (mount.isReadOnly) told.set(`${key} ro`, file("disk-read-only", "error", evidence, path));
  }
  return [...told.values()];
}

function checkTimes({ newest }: FileFacts, nowMs: number): Check[] {
  if (!newest || newest.mtimeMs < nowMs + AHEAD_MS) return [];
  const aheadMs = newest.mtimeMs - nowMs;
  return [linesOf("clock")("clock-behind-files", "error", { aheadMs }, newest.path)];
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, "0");
}

import { formatDuration, formatSize } from "../config/units.ts";
import type { FileCheckKind } from "../setup/check.ts";
import type { CheckWords } from "./check-wording.ts";

const OTHER_DISK = "set archive.directory to a folder on another disk";

/** The checklist's lines on an installation's files, disks and logs. */
export const fileWording: Record<FileCheckKind, CheckWords> = {
  "clock-behind-files": ({ aheadMs }, path) => [
    `the clock is ${span(aheadMs)} behind the last change of ${path}`,
    "set the clock; until then nothing is told by its age",
  ],
  "paths-usable": ({ tried }) => `${tried} paths tried, and all can be read and written as a run has to`,
  "path-unreadable": ({ at, errno, owner, mode, uid }, path) => [
    `${path} cannot be read (${errno}${ownership(owner, mode)})`,
    remedyFor(errno, at, uid),
  ],
  "path-unwritable": ({ at, errno, owner, mode, uid }, path) => [
    `${path} cannot be ${at === path ? "written" : "made"} (${errno}${at === path ? "" : ` at ${at}`}${ownership(owner, mode)})`,
    at === path || errno === "EROFS" ? remedyFor(errno, at, uid) : `as root: install -d -o ${uid} -m 700 ${path}`,
  ],
  "paths-more": ({ count }) => [`and ${count} more paths`, "all of them: session-keeper setup check --json"],
  "home-open": ({ mode }, path) => [
    `other users can look into ${path} (mode ${mode}), where conversations lie`,
    `chmod go-rwx ${path}`,
  ],
  "disk-local": ({ type, point }, path) => `${path} is on a disk (${type} at ${point})`,
  "disk-memory": ({ role, type, point }, path) => [
    `${path} is in memory (${type} at ${point}): gone with the next start of the machine`,
    role === "archives" ? OTHER_DISK : "move it to a disk",
  ],
  "disk-network": ({ role, type, point }, path) => [
    `${path} comes over the network (${type} at ${point}): locks and open files of other machines are not seen`,
    role === "home"
      ? "run session-keeper where the gateway runs, and nowhere else"
      : "move it to a disk of this machine",
  ],
  "disk-layer": ({ role, type, point }, path) => [
    `${path} is in a layer of a container (${type} at ${point}): gone when the container is replaced`,
    role === "archives" ? "set archive.directory to a folder that is mounted" : "mount a folder of the host there",
  ],
  "disk-unknown": ({ type, point }, path) => [
    `${path} is on ${type} (at ${point}), of which nothing is known here`,
    "try it out on a copy first: session-keeper rotate --dry-run",
  ],
  "disk-read-only": ({ point }, path) => [
    `${path} is mounted read-only (at ${point})`,
    `as root: mount -o remount,rw ${point}`,
  ],
  "archive-misplaced": ({ message }) => [String(message), "choose another archive.directory"],
  "archive-passing": (_, path) => [
    `archives in ${path} do not last: such folders are emptied`,
    "set archive.directory to a folder that stays",
  ],
  "archive-space": ({ freeBytes }, path) => `${size(freeBytes)} free for archives in ${path}`,
  "archive-space-low": ({ freeBytes, wantedBytes, transcriptBytes }, path) => [
    `only ${size(freeBytes)} free for archives in ${path}; ${size(wantedBytes)} would be good for ${size(transcriptBytes)} of transcripts`,
    "make room, set archive.directory, or lower archive.keep.maxBytes",
  ],
  "archive-own-disk": (_, path) => `${path} is on another disk than the sessions`,
  "archive-same-disk": (_, path) => [`${path} is on the same disk as the sessions: one fault takes both`, OTHER_DISK],
  "log-none": () => [
    "no log of the gateway was found, so what the API rejects is not heard of",
    "set gateway.logs to its file, or to journal:UNIT",
  ],
  "log-readable": ({ sizeBytes, idleMs }, path) =>
    `${path} can be read (${size(sizeBytes)}, written ${span(idleMs)} ago)`,
  "log-unreadable": ({ errno }, path) => [
    `${path} cannot be read (${errno})`,
    "let this user read it, for example by its group: chmod g+r",
  ],
  "log-missing": (_, path) => [`there is no ${path}`, "correct gateway.logs, or start the gateway once"],
  "log-quiet": ({ idleMs }) => [
    `the gateway lives, and none of its logs was written to for ${span(idleMs)}`,
    "set gateway.logs to where it writes now",
  ],
  "journal-readable": ({ unit }) => `the journal of ${unit} can be read`,
  "journal-silent": ({ unit }) => [
    `the journal has no line of ${unit} that this user may see`,
    "correct the unit's name, or as root: usermod -aG systemd-journal USER",
  ],
  "journal-failed": ({ unit, says }) => [
    `the journal of ${unit} cannot be read (${says})`,
    "name a log file in gateway.logs instead",
  ],
};

function ownership(owner: unknown, mode: unknown): string {
  return owner === undefined ? "" : `, user ${owner}, mode ${mode}`;
}

function remedyFor(errno: unknown, at: unknown, uid: unknown): string {
  if (errno === "ENOENT") return `it is gone, or a link that leads nowhere: look at ${at}`;
  if (errno === "EROFS") return "mount it so that it can be written";
  return `run session-keeper as the owner, or as root: chown ${uid} ${at}`;
}

function size(bytes: unknown): string {
  return formatSize(Number(bytes));
}

function span(ms: unknown): string {
  return formatDuration(Number(ms));
}

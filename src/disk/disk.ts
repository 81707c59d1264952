import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  openSync,
  renameSync,
  rmdirSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { errnoOf, KeeperError } from "../errors.ts";
import { runCommand } from "../host/command.ts";
import { type Fingerprint, fingerprintOfDescriptor } from "./fingerprint.ts";

/**
 * Everything that this program can do to a disk. A dry run is a run to which nobody hands a `Disk`.
 *
 * No operation follows a link at its last step. Errors of the file system come through unchanged.
 */
export type Disk = ReturnType<typeof openDisk>;

/** Who a new file shall belong to and who may read it. */
export type Ownership = { uid: number; gid: number; mode: number };

const { O_APPEND, O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY } =
  constants;

/** For opening to write piece by piece, which an idle run does not. */
let operations: Promise<typeof import("node:fs/promises")> | undefined;

/** The one place where a `Disk` comes from. */
export function openDisk() {
  return {
    /** Makes a folder and those above it, readable by their owner only. */
    makeFolder(path: string): void {
      if (existsSync(path)) return;
      const above = dirname(path);
      this.makeFolder(above);
      try {
        mkdirSync(path, { mode: 0o700 });
      } catch (error) {
        if (errnoOf(error) !== "EEXIST") throw error;
      }
    },
    /** One new folder; one that is there already is an error (EEXIST). */
    makeNewFolder(path: string): void {
      mkdirSync(path, { mode: 0o700 });
    },
    /** A new empty file for writing; one that is there already is an error (EEXIST). */
    async create(path: string, mode = 0o600): Promise<FileHandle> {
      operations ??= import("node:fs/promises");
      const { open } = await operations;
      return await open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
    },
    /**
     * Writes a new file whole, with the ownership asked for, and syncs it. What could not be made whole does not stay.
     *
     * @param content all of it, or piece by piece; a piece may be overwritten when the next one is asked for
     */
    createWith(path: string, content: string | Uint8Array | Iterable<Uint8Array>, ownership: Ownership): void {
      const descriptor = openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
      try {
        const isWhole = typeof content === "string" || content instanceof Uint8Array;
        for (const piece of isWhole ? [content] : content) writeWhole(descriptor, piece, null);
        give(descriptor, path, ownership);
        fsyncSync(descriptor);
      } catch (error) {
        discard(path);
        throw error;
      } finally {
        closeSync(descriptor);
      }
    },
    /**
     * Writes a new file piece by piece, with the ownership asked for, and syncs it. What could not be made whole does not stay.
     *
     * @returns how many bytes it has
     */
    async createOf(path: string, pieces: AsyncIterable<Uint8Array>, ownership: Ownership): Promise<number> {
      const descriptor = openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
      try {
        for await (const piece of pieces) writeWhole(descriptor, piece, null);
        give(descriptor, path, ownership);
        fsyncSync(descriptor);
        return fstatSync(descriptor).size;
      } catch (error) {
        discard(path);
        throw error;
      } finally {
        closeSync(descriptor);
      }
    },
    /**
     * Replaces one of our own small files whole: written beside, renamed over. Readers see the old or the new one. The draft
     * has one name, so that the next writer takes over what a killed one left; the caller sees to it that there is only one.
     * `mode`: whatever the umask says; absent: 0600, or less.
     */
    replace(path: string, content: string, options: { sync: boolean; mode?: number }): void {
      const draft = `${path}.tmp`;
      const descriptor = openSync(draft, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, options.mode ?? 0o600);
      try {
        if (options.mode !== undefined) fchmodSync(descriptor, options.mode);
        writeWhole(descriptor, content, null);
        if (options.sync) fsyncSync(descriptor);
        renameSync(draft, path);
      } catch (error) {
        discard(draft);
        throw error;
      } finally {
        closeSync(descriptor);
      }
    },
    /**
     * Adds text at the end; makes the file, with the ownership asked for, when it is not there.
     *
     * @returns the file that it was added to
     */
    append(path: string, content: string | Uint8Array, options: { ownership?: Ownership; sync: boolean }): Fingerprint {
      const isNew = !existsSync(path);
      const descriptor = openSync(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK, 0o600);
      try {
        if (isNew && options.ownership) give(descriptor, path, options.ownership);
        writeWhole(descriptor, content, null);
        if (options.sync) fsyncSync(descriptor);
        return fingerprintOfDescriptor(descriptor);
      } finally {
        closeSync(descriptor);
      }
    },
    /** Overwrites bytes inside an existing file and syncs it; never those of another file that took its name. */
    overwrite(path: string, content: Uint8Array, position: number, found: Fingerprint): void {
      const descriptor = openSync(path, O_WRONLY | O_NOFOLLOW | O_NONBLOCK);
      try {
        const { dev, ino } = fstatSync(descriptor);
        if (dev !== found.device || ino !== found.inode)
          throw new KeeperError("changed", `another file took the name of ${path}`, "it was left alone");
        writeWhole(descriptor, content, position);
        fsyncSync(descriptor);
      } finally {
        closeSync(descriptor);
      }
    },
    /** Cuts a file back to a length. Only for our own files, such as a journal with a torn last line. */
    truncate(path: string, length: number): void {
      const descriptor = openSync(path, O_WRONLY | O_NOFOLLOW);
      try {
        ftruncateSync(descriptor, length);
      } finally {
        closeSync(descriptor);
      }
    },
    /**
     * Takes the first `length` bytes out of a file without rewriting the rest and without changing who it is, so that a
     * process which appends through an open descriptor goes on at the new end. `length` must be a multiple of the block
     * size and less than the file's size. Linux on ext4 and xfs only, through the `fallocate` command, because Node does
     * not offer the call. Returns false, with nothing changed, where the file system or the command is missing.
     */
    async collapse(file: { fd: number }, length: number): Promise<boolean> {
      // The open file is handed on as standard input: its name may be another file's by now, and after a change of user a
      // process may not look into its own parent's descriptors.
      const argv = ["fallocate", "--collapse-range", "--offset", "0", "--length", String(length), "/proc/self/fd/0"];
      const env = { PATH: process.env.PATH, LC_ALL: "C" };
      const { status } = await runCommand(argv, { timeoutMs: 60_000, env, stdin: file.fd });
      return status === 0;
    },
    /** A second name for a file; fails (EEXIST) when the name is taken, so it never replaces anything. */
    link(from: string, to: string): void {
      linkSync(from, to);
    },
    /** A symbolic link that says `target`; a name that is taken is an error (EEXIST). */
    makeLink(target: string, path: string): void {
      symlinkSync(target, path);
    },
    rename(from: string, to: string): void {
      renameSync(from, to);
    },
    remove(path: string): void {
      unlinkSync(path);
    },
    removeFolder(path: string): void {
      rmdirSync(path);
    },
    /** Gives a folder its owner and mode. */
    giveFolder(path: string, ownership: Ownership): void {
      const descriptor = openSync(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
      try {
        give(descriptor, path, ownership);
      } finally {
        closeSync(descriptor);
      }
    },
    setMode(path: string, mode: number): void {
      chmodSync(path, mode);
    },
    setTimes(path: string, mtimeMs: number): void {
      const seconds = mtimeMs / 1000 + 5e-7; // what is handed on is cut off to whole microseconds
      lutimesSync(path, seconds, seconds);
    },
    /** Makes names that were added to, or taken from, a folder last through a power cut. */
    syncFolder(path: string): void {
      const descriptor = openSync(path, "r");
      try {
        fsyncSync(descriptor);
      } catch (error) {
        if (errnoOf(error) !== "EINVAL") throw error; // some network file systems can't; they sync on their own
      } finally {
        closeSync(descriptor);
      }
    },
  };
}

/** The ownership of a file that shall be replaced. */
export function ownershipOf(file: Fingerprint): Ownership {
  return { uid: file.uid, gid: file.gid, mode: file.mode };
}

/** The ownership of a file that joins others in a folder: the folder's, without the right to execute. */
export function ownershipInFolder(folder: string): Ownership {
  const { uid, gid, mode } = statSync(folder);
  return { uid, gid, mode: mode & 0o666 };
}

function give(descriptor: number, path: string, { uid, gid, mode }: Ownership): void {
  const { uid: haveUid, gid: haveGid } = statOf(descriptor);
  if (haveUid !== uid || haveGid !== gid) {
    try {
      fchownSync(descriptor, uid, gid);
    } catch (cause) {
      throw new KeeperError(
        "failed",
        `${path} cannot be given the owner it must have (user ${uid}, group ${gid})`,
        "the original is as it was; run session-keeper as the owner of these files, or as root",
        cause,
      );
    }
  }
  fchmodSync(descriptor, mode);
}

/** Removes what could not be finished; why it could not be is what counts. */
function discard(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // the next run clears it away
  }
}

function statOf(descriptor: number): { uid: number; gid: number } {
  return fstatSync(descriptor);
}

/** So much of a text at once: all of a large one as bytes would take its size in memory again. */
const PIECE_CHARACTERS = 4_000_000;

function writeWhole(descriptor: number, content: string | Uint8Array, position: number | null): void {
  if (typeof content !== "string") {
    writeBytes(descriptor, content, position);
    return;
  }
  let written = 0;
  for (let at = 0; at === 0 || at < content.length; ) {
    const isPair = (content.codePointAt(at + PIECE_CHARACTERS - 1) ?? 0) > 0xffff;
    const end = at + PIECE_CHARACTERS + (isPair ? 1 : 0);
    const bytes = Buffer.from(content.slice(at, end));
    writeBytes(descriptor, bytes, position === null ? null : position + written);
    written += bytes.length;
    at = end;
  }
}

function writeBytes(descriptor: number, bytes: Uint8Array, position: number | null): void {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(descriptor, bytes, done, bytes.length - done, position === null ? null : position + done);
  }
}

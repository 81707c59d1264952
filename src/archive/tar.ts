import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { relative, sep } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { type Fingerprint, fingerprintOfDescriptor, isUnchanged, lookAt } from "../disk/fingerprint.ts";
import { KeeperError } from "../errors.ts";
import { readTar, type StoredTar } from "./read-tar.ts";
import { encodeEntry, type Headers, loadHeaders, paddingFor, TAR_END, type TarEntry } from "./tar-entry.ts";

/** Something to pack, as it was found. `target`: what a link says. */
export type TarSource = { path: string; kind: TarEntry["kind"]; fingerprint: Fingerprint; target?: string };

/** What was packed. `files`: with links, without folders. `bytes`: of their contents. */
export type TarSummary = StoredTar & { files: number; bytes: number };

/** `sha256`: of a file's content. */
type Packed = { entry: TarEntry; sha256?: string };

const PIECE_BYTES = 256 * 1024;

/**
 * Packs files, folders and links into a gzipped tar, in the order given: writes it, syncs it, and reads it back: every entry
 * must be what was packed, and the sources must still be what they were. Reads them piece by piece and never through a link;
 * the same sources always make the same bytes.
 *
 * @param target a new, empty file, open for reading and writing
 * @param base the folder that the names in the tar begin in; all sources lie below it
 * @throws KeeperError `changed` when a source is not what was found any more, `failed` when the tar does not hold what was
 *   packed; system errors unchanged; the signal's reason on abort
 */
export async function packTar(
  target: FileHandle,
  base: string,
  sources: readonly TarSource[],
  signal: AbortSignal,
): Promise<TarSummary> {
  const packed: Packed[] = [];
  const stored = createHash("sha256");
  let gzipBytes = 0;
  const store = async (pieces: AsyncIterable<Buffer>) => {
    for await (const piece of pieces) {
      stored.update(piece);
      await writeAll(target, piece, gzipBytes);
      gzipBytes += piece.length;
    }
  };
  const tar = tarOf(base, sources, packed, await loadHeaders());
  await pipeline(tar, createGzip({ chunkSize: PIECE_BYTES }), store, { signal });
  await target.sync();
  const summary = {
    gzipBytes,
    sha256: stored.digest("hex"),
    files: packed.filter(({ entry }) => entry.kind !== "folder").length,
    bytes: packed.reduce((sum, { entry }) => sum + entry.bytes, 0),
  };
  await compare(target, summary, packed, signal);
  for (const { path, fingerprint } of sources)
    if (!isUnchanged(fingerprint, lookAt(path)?.fingerprint)) throw changed(path);
  return summary;
}

/** The name that something has in the tar. */
function nameIn(base: string, path: string): string {
  return relative(base, path).split(sep).join("/");
}

async function* tarOf(
  base: string,
  sources: readonly TarSource[],
  packed: Packed[],
  Header: Headers,
): AsyncGenerator<Buffer> {
  for (const { path, kind, fingerprint, target } of sources) {
    const { mode, uid, gid, mtimeMs, sizeBytes } = fingerprint;
    const about = { name: nameIn(base, path), kind, mode, uid, gid, mtimeMs };
    const entry = { ...about, bytes: kind === "file" ? sizeBytes : 0, ...(target === undefined ? {} : { target }) };
    yield encodeEntry(entry, Header);
    if (kind !== "file") {
      packed.push({ entry });
      continue;
    }
    const hash = createHash("sha256");
    for await (const piece of contentOf(path, fingerprint)) {
      hash.update(piece);
      yield piece;
    }
    yield paddingFor(entry.bytes);
    packed.push({ entry, sha256: hash.digest("hex") });
  }
  yield TAR_END;
}

/** The bytes of a file, if it is the one that was found, and is not written to meanwhile. Fresh buffers: who packs holds several. */
async function* contentOf(path: string, found: Fingerprint): AsyncGenerator<Buffer> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    if (!isUnchanged(found, fingerprintOfDescriptor(file.fd))) throw changed(path);
    for (let at = 0; at < found.sizeBytes; ) {
      const piece = Buffer.allocUnsafe(Math.min(PIECE_BYTES, found.sizeBytes - at));
      const { bytesRead } = await file.read(piece, 0, piece.length, at);
      if (bytesRead === 0) throw changed(path);
      yield piece.subarray(0, bytesRead);
      at += bytesRead;
    }
    if (!isUnchanged(found, fingerprintOfDescriptor(file.fd))) throw changed(path);
  } finally {
    await file.close();
  }
}

/** Unpacks the stored file whole, as any reader will, and compares it with what went in. */
async function compare(
  file: FileHandle,
  stored: StoredTar,
  packed: readonly Packed[],
  signal: AbortSignal,
): Promise<void> {
  let at = 0;
  for await (const { entry, content } of readTar(file, stored, signal)) {
    const hash = createHash("sha256");
    for await (const piece of content) hash.update(piece);
    const expected = packed[at];
    const isSame = expected && isSameEntry(entry, expected.entry);
    if (!isSame || (expected.sha256 !== undefined && hash.digest("hex") !== expected.sha256)) throw different();
    at += 1;
  }
  if (at !== packed.length) throw different();
}

/** Times are kept to the microsecond. */
function isSameEntry(one: TarEntry, other: TarEntry): boolean {
  const { name, kind, mode, uid, gid, bytes, target } = other;
  const isAlike = one.name === name && one.kind === kind && one.bytes === bytes && one.target === target;
  const isOwned = one.mode === mode && one.uid === uid && one.gid === gid;
  return isAlike && isOwned && Math.abs(one.mtimeMs - other.mtimeMs) < 0.01;
}

async function writeAll(target: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; )
    done += (await target.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
}

function changed(path: string): KeeperError {
  return new KeeperError("changed", `${path} was changed while it was archived`, "the session was left as it is");
}

function different(): KeeperError {
  return new KeeperError(
    "failed",
    "the archive of what belongs to the session does not hold what was packed",
    "nothing was removed; check the disk that the archives lie on",
  );
}

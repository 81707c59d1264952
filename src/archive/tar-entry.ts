import type { Header as TarHeader } from "tar";

/**
 * What a tar says of one file, folder or symbolic link. `name`: relative, with slashes, and none at its end. `bytes`: of a
 * file's content, else 0. `target`: what a link says.
 */
export type TarEntry = {
  name: string;
  kind: "file" | "folder" | "link";
  mode: number;
  uid: number;
  gid: number;
  mtimeMs: number;
  bytes: number;
  target?: string;
};

/** The package's own writing and reading of the 512 bytes that stand before each entry. */
export type Headers = typeof TarHeader;

export const TAR_BLOCK_BYTES = 512;
/** Two blocks of zeros. */
export const TAR_END = Buffer.alloc(2 * TAR_BLOCK_BYTES);

const TYPES = { file: "File", folder: "Directory", link: "SymbolicLink" } as const;
const KINDS: Record<string, TarEntry["kind"]> = { File: "file", Directory: "folder", SymbolicLink: "link" };

/** Loads the package. Only who has sidecars to pack or unpack needs it. */
export async function loadHeaders(): Promise<Headers> {
  const { Header } = await import("tar");
  return Header;
}

/**
 * What stands before an entry's content. Names, targets and times always go into an extended header too (POSIX pax): the short
 * one has room for 100 bytes of a name, no charset, and whole seconds.
 */
export function encodeEntry(entry: TarEntry, Header: Headers): Buffer {
  const { kind, mode, uid, gid, bytes, target } = entry;
  const path = kind === "folder" ? `${entry.name}/` : entry.name;
  const mtime = new Date(entry.mtimeMs);
  const records = [
    record("path", path),
    record("mtime", (entry.mtimeMs / 1000).toFixed(6)),
    ...(target === undefined ? [] : [record("linkpath", target)]),
  ];
  const extended = Buffer.concat(records);
  const about = { path: "PaxHeader", mode: 0o600, uid, gid, mtime, size: extended.length };
  const own = { path, mode, uid, gid, mtime, size: bytes, type: TYPES[kind] };
  return Buffer.concat([
    block(new Header({ ...about, type: "ExtendedHeader" })),
    extended,
    paddingFor(extended.length),
    block(new Header({ ...own, ...(target === undefined ? {} : { linkpath: target }) })),
  ]);
}

/** The zeros behind so many bytes of content, up to the next whole block. */
export function paddingFor(bytes: number): Buffer {
  return TAR_END.subarray(0, (TAR_BLOCK_BYTES - (bytes % TAR_BLOCK_BYTES)) % TAR_BLOCK_BYTES);
}

/**
 * Makes an entry of its two headers. Undefined for what we never write: another kind of entry, no name, or one that leads out
 * of the folder that all names begin in.
 *
 * @param extended the records of the extended header, see `readRecords`
 */
export function decodeEntry(header: TarHeader, extended: ReadonlyMap<string, string>): TarEntry | undefined {
  const kind = KINDS[header.type];
  const name = extended.get("path")?.replace(/\/$/, "");
  const mtimeMs = Number(extended.get("mtime")) * 1000;
  const target = extended.get("linkpath");
  const { mode, uid, gid, size: bytes } = header;
  if (kind === undefined || name === undefined || !Number.isFinite(mtimeMs)) return undefined;
  if (mode === undefined || uid === undefined || gid === undefined || bytes === undefined) return undefined;
  if (name.split("/").some((part) => part === "" || part === "." || part === "..") || name.includes("\0"))
    return undefined;
  if ((kind === "link") !== (target !== undefined) || (kind !== "file" && bytes > 0)) return undefined;
  return { name, kind, mode, uid, gid, mtimeMs, bytes, ...(target === undefined ? {} : { target }) };
}

/**
 * The records of an extended header: each begins with its own length. Read by that length, because a name may hold a newline
 * or an equals sign; the package's own reader goes line by line. Undefined when it is none.
 */
export function readRecords(bytes: Buffer): Map<string, string> | undefined {
  const records = new Map<string, string>();
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(0x20, at);
    const digits = bytes.subarray(at, space < 0 ? at : space).toString("latin1");
    const end = at + Number(digits);
    if (!/^[1-9]\d{0,8}$/.test(digits) || end > bytes.length || bytes[end - 1] !== 0x0a) return undefined;
    const text = bytes.subarray(space + 1, end - 1).toString("utf8");
    const equals = text.indexOf("=");
    if (equals < 1) return undefined;
    records.set(text.slice(0, equals), text.slice(equals + 1));
    at = end;
  }
  return records;
}

/** Its length counts the digits of the length, too. */
function record(key: string, value: string): Buffer {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  let length = rest;
  while (length !== rest + String(length).length) length = rest + String(length).length;
  return Buffer.from(`${length} ${key}=${value}\n`);
}

function block(header: TarHeader): Buffer {
  header.encode();
  return header.block ?? Buffer.alloc(0);
}

import type { FileHandle } from "node:fs/promises";
import { type Disk, openDisk } from "../../src/disk/disk.ts";

/** When the error comes: instead of the change, in the middle of what is written, or although the change was made. */
export type FaultKind = "instead" | "halfway" | "afterwards";

const CODES = ["ENOSPC", "EIO", "EACCES", "EROFS", "EDQUOT"];

/** A call to a disk: the how-manieth, what, and on which path. */
export type Call = { n: number; name: string; path: string };

const WRITING = ["append", "createWith", "createOf", "replace", "overwrite", "handle.write"];

/** A real disk whose `failAt`-th call fails, and that notes its calls. With 0 none fails. */
export function openFailingDisk(failAt: number, kind: FaultKind): { disk: Disk; calls: Call[] } {
  const real = openDisk();
  const calls: Call[] = [];
  const isDue = (name: string, path: unknown) => {
    calls.push({ n: calls.length + 1, name, path: typeof path === "string" ? path : "" });
    return calls.length === failAt;
  };
  const fault = () => {
    const code = CODES[failAt % CODES.length] ?? "EIO";
    return Object.assign(new Error(`${code}: made to fail`), { code });
  };
  const wrap = (name: string, original: (...args: unknown[]) => unknown, self: object) =>
    function wrapped(...args: unknown[]): unknown {
      if (!isDue(name, args[0])) return original.apply(self, args);
      if (kind === "afterwards") {
        const result = original.apply(self, args);
        if (result instanceof Promise) return result.then((value) => closeAndThrow(value, fault()));
        throw fault();
      }
      const half = kind === "halfway" ? halve(name, args) : undefined;
      const partial = half && original.apply(self, half);
      if (partial instanceof Promise) return partial.then(() => Promise.reject(fault()));
      if (original.constructor.name === "AsyncFunction") return Promise.reject(fault());
      throw fault();
    };
  const disk = Object.fromEntries(
    Object.entries(real).map(([name, method]) => [name, wrap(name, method as (...args: unknown[]) => unknown, real)]),
  ) as unknown as Disk;
  const { create } = disk;
  disk.create = async (path, mode) => {
    const handle = await create(path, mode);
    for (const name of ["write", "sync"] as const) {
      const method = handle[name].bind(handle) as (...args: unknown[]) => Promise<unknown>;
      Object.assign(handle, {
        [name]: async (...args: unknown[]) => await wrap(`handle.${name}`, method, handle)(...args),
      });
    }
    return handle;
  };
  return { disk, calls };
}

/** The calls that are worth to fail in this way: others end alike, and so does each further line of the journal. */
export function worthFailing(calls: readonly Call[], kind: FaultKind): Call[] {
  const firstOfJournal = calls.find(isOfJournal);
  const own = calls.filter((call) => !isOfJournal(call) || call === firstOfJournal);
  if (kind === "instead") return own;
  const making = ["create", "createWith", "createOf", "replace", "append"];
  const names = kind === "halfway" ? WRITING : ["link", "rename", "remove", ...making];
  return own.filter(({ name }) => names.includes(name));
}

function isOfJournal({ path }: Call): boolean {
  return path.endsWith("journal.jsonl");
}

/** The same call with half of what it would write; undefined for calls that write nothing. */
function halve(name: string, args: unknown[]): unknown[] | undefined {
  const [path, content, ...rest] = args;
  if (name === "handle.write") {
    const [bytes, offset, length, position] = args as [Buffer, number, number, number];
    return [bytes, offset, Math.floor(length / 2), position];
  }
  if (name === "createOf") return [path, firstHalf(content as AsyncIterable<Uint8Array>), ...rest];
  if (!WRITING.includes(name)) return undefined;
  const isWhole = typeof content === "string" || content instanceof Uint8Array;
  const bytes = isWhole
    ? Buffer.from(content as string)
    : Buffer.concat(Array.from(content as Iterable<Uint8Array>, (piece) => Buffer.from(piece)));
  return [path, bytes.subarray(0, Math.floor(bytes.length / 2)), ...rest];
}

async function* firstHalf(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const copies: Buffer[] = [];
  for await (const piece of pieces) copies.push(Buffer.from(piece));
  const bytes = Buffer.concat(copies);
  yield bytes.subarray(0, Math.floor(bytes.length / 2));
}

async function closeAndThrow(value: unknown, error: Error): Promise<never> {
  if (typeof value === "object" && value !== null && "close" in value) await (value as FileHandle).close();
  throw error;
}

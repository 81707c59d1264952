import type { FileHandle } from "node:fs/promises";
import { type Disk, openDisk } from "../../src/disk/disk.ts";

/** When the error comes: instead of the change, in the middle of what is written, or although the change was made. */
export type FaultKind = "instead" | "halfway" | "afterwards";

const CODES = ["ENOSPC", "EIO", "EACCES", "EROFS", "EDQUOT"];

/** A real disk whose `failAt`-th call fails, and that counts its calls. */
export function openFailingDisk(
  failAt: number,
  kind: FaultKind,
): { disk: Disk; calls: () => number; failed: () => string } {
  const real = openDisk();
  let calls = 0;
  let failed = "nothing";
  const isDue = (name: string) => {
    calls += 1;
    if (calls !== failAt) return false;
    failed = `call ${failAt}, ${name}, ${kind}`;
    return true;
  };
  const fault = () => {
    const code = CODES[failAt % CODES.length] ?? "EIO";
    return Object.assign(new Error(`${code}: made to fail`), { code });
  };
  const wrap = (name: string, original: (...args: unknown[]) => unknown, self: object) =>
    function wrapped(...args: unknown[]): unknown {
      if (!isDue(name)) return original.apply(self, args);
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
  return { disk, calls: () => calls, failed: () => failed };
}

/** The same call with half of what it would write; undefined for calls that write nothing. */
function halve(name: string, args: unknown[]): unknown[] | undefined {
  const [path, content, ...rest] = args;
  if (name === "handle.write") {
    const [bytes, offset, length, position] = args as [Buffer, number, number, number];
    return [bytes, offset, Math.floor(length / 2), position];
  }
  if (!["append", "createWith", "replace", "overwrite"].includes(name)) return undefined;
  const bytes = Buffer.from(content as string | Buffer);
  return [path, bytes.subarray(0, Math.floor(bytes.length / 2)), ...rest];
}

async function closeAndThrow(value: unknown, error: Error): Promise<never> {
  if (typeof value === "object" && value !== null && "close" in value) await (value as FileHandle).close();
  throw error;
}

import { type Disk, openDisk } from "../../src/disk/disk.ts";

/** A real disk that, like that of a process that was killed, does nothing any more after so many calls. */
export function openDyingDisk(mostCalls: number): { disk: Disk; calls: () => number } {
  const real = openDisk();
  let calls = 0;
  const wrap =
    (method: (...args: unknown[]) => unknown, self: object) =>
    (...args: unknown[]): unknown => {
      calls += 1;
      if (calls <= mostCalls) return method.apply(self, args);
      const killed = new Error("killed");
      if (method.constructor.name === "AsyncFunction") return Promise.reject(killed);
      throw killed;
    };
  const disk = Object.fromEntries(
    Object.entries(real).map(([name, method]) => [name, wrap(method as (...args: unknown[]) => unknown, real)]),
  ) as unknown as Disk;
  return { disk, calls: () => calls };
}

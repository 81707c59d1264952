import { lookAt } from "../disk/fingerprint.ts";
import type { Tools } from "./tools.ts";
import { type Written, writeUnderLocks } from "./write-registry.ts";

/** A registry up to this size is read, edited and written within a moment, so all of it can be done under the lock. */
const SMALL_BYTES = 4_000_000;
const ATTEMPTS = 3;

/** What is to be done to registries, written beside them. */
export type Prepared<T> = {
  /** Gives it its names. Undefined, with nothing changed, when somebody wrote one of them since it was read. */
  put: () => T | undefined;
  /** Takes away what was written beside, unless it was put in place. */
  discard: () => void;
};

/**
 * Changes registries under their locks. Of large ones the new text is written beside before the locks are taken, so that under
 * them there is only a comparison and a change of names: to read and write 200 MB takes longer than the gateway's writers wait.
 *
 * @param prepare reads the registries; called again when somebody wrote one of them since
 * @returns what it led to; or in words who is at a registry
 */
export async function writePrepared<T>(
  paths: readonly string[],
  tools: Tools,
  prepare: () => Prepared<T>,
): Promise<Written<T> | { busy: string }> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    let prepared = paths.every(isSmall) ? undefined : prepare();
    try {
      const written = await writeUnderLocks(paths, tools, () => {
        prepared ??= prepare();
        return prepared.put();
      });
      if ("busy" in written) return written;
      const { result, ...more } = written;
      if (result !== undefined) return { result, ...more };
    } finally {
      prepared?.discard();
    }
  }
  return { busy: "the registry was written to in that moment" };
}

function isSmall(path: string): boolean {
  return (lookAt(path)?.fingerprint.sizeBytes ?? 0) < SMALL_BYTES;
}

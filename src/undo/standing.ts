import type { Tools } from "../apply/tools.ts";

/**
 * How things stand with something that is to be put back. `ready`: it is as the run left it. `restored`: it is as before the
 * run already. `blocked`: in words, what stands in the way; nothing was changed.
 */
export type Standing = { state: "ready" } | { state: "restored" } | { state: "blocked"; because: string };

/** What looking needs: nothing that can write. */
export type Looking = Pick<Tools, "installation" | "foreignPids" | "signal">;

/**
 * What became of it. `bytesBefore`, `bytesAfter`: of the file that was changed. `sidecars`: how many of the files that belong to
 * it are there as they were, and how many stay what somebody made of them since. `holdMs`: how long the registry's lock was held.
 */
export type PutBack =
  | {
      detail: {
        bytesBefore: number;
        bytesAfter: number;
        sidecars?: { files: number; kept: number };
        holdMs?: number;
      };
    }
  | { because: string };

export const READY: Standing = { state: "ready" };
export const RESTORED: Standing = { state: "restored" };

export function blocked(because: string): Standing {
  return { state: "blocked", because };
}

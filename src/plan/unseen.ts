import type { Installation, Transcript } from "../installation/installation.ts";

/**
 * Whether a session of Claude Code that no registry of ours binds may be bound by an installation on the same home whose
 * registries are not all known.
 * @returns the names of those installations; undefined where there is none
 */
export function mayBeNeighbours(
  { dialect, entries }: Pick<Transcript, "dialect" | "entries">,
  { unseenNeighbours }: Pick<Installation, "unseenNeighbours">,
): string | undefined {
  if (dialect !== "claude-code" || entries.length > 0 || unseenNeighbours.length === 0) return undefined;
  return unseenNeighbours.join(" or ");
}

import { existsSync } from "node:fs";
import { join } from "node:path";
import { deriveEntries } from "../derive/derive-entries.ts";
import { sha256Of } from "../disk/sha256.ts";
import type { AgentRegistry, Installation } from "../installation/installation.ts";
import { type Merge, type MergedEntry, type MergeSource, mergeSources } from "../registry/merge.ts";
import { describeEntry } from "../registry/read.ts";
import { salvageRegistry } from "../registry/salvage.ts";
import { readSources } from "../registry/sources.ts";
import { findOrphans } from "./orphans.ts";
import { mentionedIn } from "./references.ts";
import type { RegistryContext } from "./registry.ts";

/** What a broken registry can be made into. `sha256`: of the bytes that it was made of. */
export type Restoration = { restored: Merge; sha256: string };

/**
 * Puts together what a broken registry can be restored to: what stands whole in its own text, in broken-off writes and in
 * copies beside it, the newest of each key; and for transcripts that none of these names, entries made from themselves.
 */
export async function planRestoration(
  registry: AgentRegistry,
  bytes: Buffer,
  changedMs: number,
  installation: Installation,
  context: RegistryContext,
): Promise<Restoration> {
  const own: MergeSource = {
    origin: "own-text",
    path: registry.path,
    writtenMs: changedMs,
    salvage: salvageRegistry(bytes),
  };
  const sources: MergeSource[] = [own, ...readSources(registry.path).sources];
  const isStanding = (entry: MergedEntry) => !entry.isAbsentFromNewer || hasTranscript(registry, entry);
  const saved = mergeSources(sources, isStanding);
  const entries = saved.entries.map(({ key, text }) => describeEntry(key, parse(text)));
  const standIn = { ...registry, registry: { path: registry.path, text: saved.text, entries, corrupt: 0 } };
  const others = installation.registries.map((one) => (one === registry ? standIn : one));
  const mended = { ...installation, registries: others };
  const orphans = await findOrphans(mended, mentionedIn(mended.registries), { ...context, isKnown: true });
  const facts = orphans.flatMap((orphan) => (orphan.registry === standIn && orphan.facts ? [orphan.facts] : []));
  const made = deriveEntries(
    facts,
    saved.entries.map(({ key }) => key),
  ).flatMap(({ derived }) => (derived ? [{ key: derived.key, text: JSON.stringify(derived.entry, null, 2) }] : []));
  const transcripts: MergeSource = {
    origin: "transcript",
    path: registry.sessions,
    writtenMs: 0,
    salvage: { entries: made, lost: [], isWhole: true },
  };
  const restored = made.length > 0 ? mergeSources([...sources, transcripts], isStanding) : saved;
  return { restored, sha256: sha256Of(bytes) };
}

/** An entry that a newer copy does not have any more is a session's that the gateway let go, unless its transcript is there. */
function hasTranscript({ sessions }: AgentRegistry, { key, text, origin }: MergedEntry): boolean {
  const { sessionId } = describeEntry(key, parse(text));
  return origin === "transcript" || (sessionId !== undefined && existsSync(join(sessions, `${sessionId}.jsonl`)));
}

function parse(text: string): Record<string, unknown> {
  const value: unknown = JSON.parse(text);
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

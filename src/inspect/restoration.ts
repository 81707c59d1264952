import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { deriveEntries } from "../derive/derive-entries.ts";
import type { Facts } from "../derive/derive-entry.ts";
import { sha256Of } from "../disk/sha256.ts";
import type { AgentRegistry, Installation } from "../installation/installation.ts";
import { foldersOfRegistry } from "../installation/session-folders.ts";
import { type Merge, type MergedEntry, type MergeSource, mergeSources } from "../registry/merge.ts";
import { describeEntry } from "../registry/read.ts";
import { salvageRegistry } from "../registry/salvage.ts";
import { readSources } from "../registry/sources.ts";
import { findOrphans } from "./orphans.ts";
import { mentionedIn } from "./references.ts";
import type { RegistryContext } from "./registry.ts";
import { renewEntries } from "./renewal.ts";

/** What a broken registry can be made into. `sha256`: of the bytes that it was made of; absent where there is no file. */
export type Restoration = { restored: Merge; sha256?: string };

/** What is left of a registry. `own`: its own bytes, and when it was written (epoch ms). `sources`: copies of it, as they were read. */
export type RestoredFrom = {
  own: { bytes: Buffer; changedMs: number } | undefined;
  sources: readonly MergeSource[] | undefined;
};

/**
 * Puts together what a broken registry can be restored to: what stands whole in its own text, in broken-off writes and in
 * copies beside it, the newest of each key; and for transcripts that none of these names, entries made from themselves.
 */
export async function planRestoration(
  registry: AgentRegistry,
  { own, sources: copies }: RestoredFrom,
  installation: Installation,
  context: RegistryContext,
): Promise<Restoration> {
  const isStanding = (entry: MergedEntry) => !entry.isAbsentFromNewer || hasTranscript(registry, entry);
  let sources: MergeSource[] = [...ownText(registry, own), ...(copies ?? readSources(registry.path).sources)];
  let saved = mergeSources(sources, isStanding);
  let forgotten = await findForgotten(registry, saved, installation, context);
  const newer = renewEntries(sources, saved, deriveEntries(forgotten, []));
  if (newer.isRenewed) {
    sources = newer.sources;
    saved = mergeSources(sources, isStanding);
    forgotten = await findForgotten(registry, saved, installation, context);
  }
  const taken = saved.entries.map(({ key }) => key);
  const made = deriveEntries(forgotten, taken).flatMap(({ derived }) =>
    derived ? [{ key: derived.key, text: JSON.stringify(derived.entry, null, 2) }] : [],
  );
  const transcripts: MergeSource = {
    origin: "transcript",
    path: registry.sessions,
    writtenMs: 0,
    salvage: { entries: made, lost: [], isWhole: true },
  };
  const restored = made.length > 0 ? mergeSources([...sources, transcripts], isStanding) : saved;
  return { restored, ...(own ? { sha256: sha256Of(own.bytes) } : {}) };
}

function ownText({ path }: AgentRegistry, own: RestoredFrom["own"]): MergeSource[] {
  if (!own) return [];
  return [{ origin: "own-text", path, writtenMs: own.changedMs, salvage: salvageRegistry(own.bytes) }];
}

/** The transcripts that nothing of what was saved leads to. */
async function findForgotten(
  registry: AgentRegistry,
  saved: Merge,
  installation: Installation,
  context: RegistryContext,
): Promise<Facts[]> {
  const entries = saved.entries.map(({ key, text }) => describeEntry(key, parse(text)));
  const standIn = { ...registry, registry: { path: registry.path, text: saved.text, entries, corrupt: 0 } };
  const others = installation.registries.map((one) => (one === registry ? standIn : one));
  const mended = { ...installation, registries: others };
  const orphans = await findOrphans(mended, mentionedIn(mended.registries), { ...context, isKnown: true });
  return orphans.flatMap((orphan) => (orphan.registry === standIn && orphan.facts ? [orphan.facts] : []));
}

/** An entry that a newer copy does not have any more is a session's that the gateway let go, unless its transcript is there. */
function hasTranscript(registry: AgentRegistry, { key, text, origin }: MergedEntry): boolean {
  const { sessionId, sessionFile } = describeEntry(key, parse(text));
  const folders = foldersOfRegistry(registry);
  const names = [...(sessionFile ? [basename(sessionFile)] : []), ...(sessionId ? [`${sessionId}.jsonl`] : [])];
  return origin === "transcript" || folders.some((folder) => names.some((name) => existsSync(join(folder, name))));
}

function parse(text: string): Record<string, unknown> {
  const value: unknown = JSON.parse(text);
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

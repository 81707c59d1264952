import { basename, dirname, join } from "node:path";
import { recordsOf } from "../archive/catalog.ts";
import { archiveFolderOf } from "../archive/folder.ts";
import type { Settings } from "../config/settings.ts";
import { lookAt } from "../disk/fingerprint.ts";
import type { Installation, Transcript } from "../installation/installation.ts";
import { listFolder } from "../installation/registries.ts";
import { copyOf } from "./copied.ts";
import { type Finding, identify } from "./finding.ts";

/**
 * A transcript that an earlier run archived and took the entry of, and which it could not take away any more. `movingWith`:
 * files that have gone to another agent with the session, and are still here, too.
 */
export type Remains = { transcript: Transcript; finding: Finding; movingWith: string[]; inUse?: string };

/** Looks for what runs left of sessions that they moved or retired, when they were stopped before they had taken it away. */
export function findRemains(installation: Installation, settings: Settings): Remains[] {
  return installation.transcripts.flatMap((transcript): Remains[] => {
    const { dialect, entries, path, fingerprint } = transcript;
    const registry = installation.registries.find(({ sessions }) => sessions === dirname(path));
    if (dialect !== "openclaw" || entries.length > 0 || !registry || fingerprint.sizeBytes === 0) return [];
    const records = recordsOf(archiveFolderOf(settings, installation, transcript), path);
    const record = records.findLast(({ inode }) => inode === fingerprint.inode);
    if (record?.command !== "validate-registry" || record.purpose !== "remove") return [];
    const elsewhere = namesakesOf(transcript, installation);
    // of a session that has gone on elsewhere, what was still written here is late; of any other, somebody goes on with it
    if (elsewhere.length === 0 && !copyOf(transcript, installation, settings)) return [];
    const finding: Finding = {
      kind: "unregistered-transcript",
      severity: "warning",
      ...identify(transcript),
      agent: registry.agent,
      evidence: { bytes: fingerprint.sizeBytes, isArchived: true },
    };
    return [{ transcript, finding, movingWith: copiesIn(elsewhere, transcript) }];
  });
}

/** Transcripts of the same session with other agents, to which an entry leads. */
function namesakesOf({ path }: Transcript, { transcripts }: Installation): Transcript[] {
  const isNamesake = (other: Transcript) => basename(other.path) === basename(path) && other.path !== path;
  return transcripts.filter((other) => other.dialect === "openclaw" && other.entries.length > 0 && isNamesake(other));
}

function copiesIn(elsewhere: readonly Transcript[], { path }: Transcript): string[] {
  const stem = basename(path).replace(/\.jsonl$/, "");
  const copies = listFolder(dirname(path), []).filter((name) => name.startsWith(`${stem}.checkpoint.`));
  const isThere = (name: string) => elsewhere.some((other) => lookAt(join(dirname(other.path), name)));
  return copies.filter(isThere).map((name) => join(dirname(path), name));
}

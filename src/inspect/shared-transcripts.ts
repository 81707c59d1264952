import type { Installation } from "../installation/installation.ts";
import type { Finding } from "./finding.ts";

/** Transcripts that several entries lead to: two conversations write into one file, and each reads what the other said. */
export function findShared({ transcripts }: Pick<Installation, "transcripts">): Finding[] {
  return transcripts.flatMap(({ dialect, entries, path, sessionId, group }) => {
    if (dialect !== "openclaw") return [];
    const named = [
      ...new Map(entries.map(({ registryPath, entry }) => [`${registryPath} ${entry.key}`, entry.key])).values(),
    ];
    // a job has an entry besides that of its last run
    const keys = named.filter((key) => !named.includes(`${key}:run:${sessionId}`));
    const [first] = keys;
    if (first === undefined || keys.length < 2) return [];
    const evidence = { keys };
    return [
      { kind: "shared-transcript", severity: "warning", path, sessionId, sessionKey: first, agent: group, evidence },
    ];
  });
}

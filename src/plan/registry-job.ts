import type { Finding } from "../inspect/finding.ts";
import type { EntryReference, Transcript } from "../installation/installation.ts";
import type { Job, Step } from "./plan.ts";

/** A job about entries of a registry. `wait`: in words, who uses the session, so that it waits for the next run. */
export function registryJob(findings: Finding[], steps: Step[], wait?: string): Job {
  return { findings, steps, force: false, prunes: [], needsRestart: false, ...(wait ? { wait } : {}) };
}

/** An entry without a transcript is still about a session: its place is the registry. */
export function noTranscript(reference: EntryReference): Transcript {
  return {
    dialect: "openclaw",
    path: reference.registryPath,
    sessionId: reference.entry.sessionId ?? "",
    group: reference.agent,
    kind: "file",
    fingerprint: { device: -1, inode: -1, sizeBytes: 0, mtimeMs: 0, mode: 0, uid: 0, gid: 0, links: 1 },
    entries: [reference],
    inWorkspace: false,
  };
}

import type { PeerSession } from "../inspect/agents-of-peers.ts";
import type { CheckedEntry } from "../inspect/check-entries.ts";
import type { Destination, Hindrance, Stuck } from "../inspect/destinations.ts";
import type { Finding } from "../inspect/finding.ts";
import type { RegistryFacts } from "../inspect/registry.ts";
import type { Remains } from "../inspect/remains.ts";
import type { Installation, Transcript } from "../installation/installation.ts";
import type { Job, Spared, Step } from "./plan.ts";
import { noTranscript, registryJob } from "./registry-job.ts";

/** What becomes of a session that lies with the wrong agent. Unless it is spared, its entry goes from where it stands. */
export type StrayDecision = { session: PeerSession; findings: Finding[]; decision: Job | Spared };

/**
 * Decides what becomes of sessions that lie with an agent who does not get their messages: each goes to the one that does, with
 * all that belongs to it; where that cannot be, into the archive, or it stays. Pure.
 *
 * @param brake in words, why ages can't be trusted in this run
 */
export function planStrays(
  installation: Installation,
  facts: RegistryFacts,
  brake: string | undefined,
): StrayDecision[] {
  const strayed = strayedSessions(facts);
  const newest = newestOfEach(strayed);
  return strayed.map(({ session, wanted, destination, findings }) => {
    const own = facts.entries.filter((entry) => isOf(session, entry));
    // what is wrong in an entry is right once the entry is gone
    const all = [...findings, ...own.flatMap(({ findings: told }) => told.filter(isRepaired))];
    const stuck = hindranceOf(destination, session, own, newest);
    if (stuck && STAYING.has(stuck.hindrance))
      return { session, findings, decision: spare(session, wanted, findings, stuck) };
    // a session that is being born has no transcript yet
    if (brake && own.some(({ change }) => change?.kind === "lost")) {
      const path = session.reference.registryPath;
      return { session, findings, decision: { because: "clock-stepped", detail: brake, path, findings } };
    }
    const transcript = transcriptOf(session, installation);
    const steps =
      stuck || "hindrance" in destination
        ? retire(session, transcript, wanted, stuck)
        : move(session, transcript, destination);
    const job = registryJob(all, steps, session.inUse);
    return { session, findings: all, decision: { ...job, ...(transcript ? { transcript } : {}), isBatched: true } };
  });
}

/** Takes away what a run that was stopped has left of a session that it moved or retired. */
export function clearAway({ transcript, finding, movingWith, inUse }: Remains): Job {
  const steps = betweenArchiveAndRemoval(transcript, [], { movingWith });
  return { ...registryJob([finding], steps, inUse), transcript, isBatched: true };
}

/** With these, nothing is done to a session. With any other, its history is archived, and its entry goes. */
const STAYING: ReadonlySet<Hindrance> = new Set<Hindrance>([
  "broken-registry",
  "taken-name",
  "no-folder",
  "bound-files",
  "to-mend",
]);

type Strayed = { session: PeerSession; wanted: string; destination: Destination | Stuck; findings: Finding[] };

/** Each once. */
function strayedSessions({ strays, duplicates }: RegistryFacts): Strayed[] {
  const found = new Map<string, Strayed>();
  const add = (stray: Omit<Strayed, "findings">, finding: Finding) => {
    const name = nameOf(stray.session);
    const known = found.get(name);
    if (known) known.findings.push(finding);
    else found.set(name, { ...stray, findings: [finding] });
  };
  for (const { finding, ...stray } of strays) add(stray, finding);
  for (const { sessions, wanted, finding } of duplicates) {
    if (wanted === undefined) continue;
    for (const session of sessions)
      if (session.agent !== wanted) add({ session, wanted, destination: { hindrance: "has-one" } }, finding);
  }
  return [...found.values()];
}

/** Of sessions that would have the same key in the end, the one in which something happened last. */
function newestOfEach(strayed: readonly Strayed[]): ReadonlySet<string> {
  const newest = new Map<string, PeerSession>();
  for (const { session, destination } of strayed) {
    if ("hindrance" in destination) continue;
    const place = `${destination.to.registryPath} ${destination.to.entry.key.toLowerCase()}`;
    const other = newest.get(place);
    if (!other || lastAt(session) > lastAt(other)) newest.set(place, session);
  }
  return new Set([...newest.values()].map(nameOf));
}

function hindranceOf(
  destination: Destination | Stuck,
  session: PeerSession,
  own: readonly CheckedEntry[],
  newest: ReadonlySet<string>,
): Stuck | undefined {
  if (own.some(({ kept }) => kept))
    return { hindrance: "bound-files", detail: "its entry names a file outside the sessions folders" };
  if ("hindrance" in destination) return destination;
  if (own.some(({ change }) => change?.kind === "lost")) return { hindrance: "no-transcript" };
  if (own.some(({ change }) => change)) return { hindrance: "to-mend" };
  return newest.has(nameOf(session)) ? undefined : { hindrance: "older" };
}

function spare({ reference }: PeerSession, to: string, findings: Finding[], { hindrance, detail }: Stuck): Spared {
  const path = reference.registryPath;
  return { because: "unmovable", hindrance, to, path, findings, ...(detail === undefined ? {} : { detail }) };
}

function move({ reference, seen }: PeerSession, transcript: Transcript | undefined, to: Destination): Step[] {
  const about = transcript ?? noTranscript(reference);
  const { folder, checkpoints } = to;
  const { sessionFile } = reference.entry; // of a session that another program holds it may name what is not there
  const files = transcript ? [transcript.path, ...checkpoints] : sessionFile === undefined ? [] : [sessionFile];
  const edits: Step[] = [
    {
      kind: "edit-registry",
      transcript: about,
      entry: to.to,
      change: "move-in",
      edit: { seen, from: reference, folder, files },
    },
    {
      kind: "edit-registry",
      transcript: about,
      entry: reference,
      change: "move-out",
      edit: { seen, to: to.to.agent },
    },
  ];
  return transcript ? betweenArchiveAndRemoval(transcript, edits, { movingWith: checkpoints }) : edits;
}

/** Its history goes into the archive, and its entry goes: the agent that gets the messages begins, or goes on with its own. */
function retire(
  { reference, seen }: PeerSession,
  transcript: Transcript | undefined,
  wanted: string,
  stuck: Stuck | undefined,
): Step[] {
  const edit: Step = {
    kind: "edit-registry",
    transcript: transcript ?? noTranscript(reference),
    entry: reference,
    change: "remove-entry",
    edit: { seen, to: wanted, ...(stuck ? { why: stuck.hindrance } : {}) },
  };
  const movingWith = stuck?.movingWith;
  return transcript ? betweenArchiveAndRemoval(transcript, [edit], movingWith ? { movingWith } : {}) : [edit];
}

/** A transcript that another entry leads to as well stays, and only a copy is made. */
function betweenArchiveAndRemoval(
  transcript: Transcript,
  edits: readonly Step[],
  more: { movingWith?: readonly string[] },
): Step[] {
  const isShared = transcript.entries.length > 1;
  return [
    {
      kind: "archive-transcript",
      transcript,
      reason: "manual",
      purpose: isShared ? "copy" : "remove",
      withSidecars: true,
      ...more,
    },
    ...edits,
    ...(isShared ? [] : [{ kind: "remove-transcript", transcript } satisfies Step]),
  ];
}

function transcriptOf({ reference }: PeerSession, { transcripts }: Installation): Transcript | undefined {
  return transcripts.find(
    ({ dialect, entries }) =>
      dialect === "openclaw" &&
      entries.some((one) => one.registryPath === reference.registryPath && one.entry.key === reference.entry.key),
  );
}

function nameOf({ reference }: PeerSession): string {
  return `${reference.registryPath} ${reference.entry.key}`;
}

function lastAt({ reference }: PeerSession): number {
  return reference.entry.updatedAt ?? 0;
}

function isRepaired({ evidence }: Finding): boolean {
  return evidence.repair !== undefined;
}

function isOf(session: PeerSession, { reference }: CheckedEntry): boolean {
  return nameOf(session) === `${reference.registryPath} ${reference.entry.key}`;
}

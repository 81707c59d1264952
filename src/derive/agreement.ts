import { optional } from "../json/optional.ts";
import type { Mark } from "./mark.ts";

/** What the messages of a transcript show together of its session. Nothing of what somebody said. */
export type Shown = {
  /**
   * `own-client`: talked to through the gateway's own page or command line only, which reach every session; `heartbeat`: the same,
   * and woken by the gateway's own polls; `somewhere`: through channels, but not whether with one person, in a group or both
   */
  kind: "direct" | "group" | "cron-run" | "hook" | "subagent" | "own-client" | "heartbeat" | "somewhere";
  channel?: string;
  chatType?: "direct" | "group" | "channel";
  /** only where all messages that name one name the same */
  peer?: string;
  thread?: string;
  jobId?: string;
  /** the address of the last message, only where every message shows the same one, so that nobody can have made it up */
  to?: string;
  /** several people or groups in one session, as in a main session */
  isMixed?: true;
  /** the gateway's own polls come into it, too, as into a main session */
  isWoken?: true;
  /** there are messages, too, that show nothing */
  isBesideBareText?: true;
};

/**
 * What the marks of a transcript's messages agree on; undefined when they show nothing. Pure.
 *
 * @param marks of the user's messages in order, undefined for each without one
 */
export function agree(marks: readonly (Mark | undefined)[]): Shown | undefined {
  const shown = marks.filter((mark) => mark !== undefined);
  const [first] = shown;
  if (!first) return undefined;
  // A task starts a session, and its prompt stands nowhere else. What comes behind may be anything.
  if (first.kind === "subagent") return system(first, marks);
  const places = shown.filter(({ kind }) => kind === "direct" || kind === "group");
  // So do a job and a hook, unless they are set up to speak in a conversation that there is.
  const isErrand = first.kind === "cron-run" || first.kind === "hook";
  if (isErrand && places.length === 0) return system(first, marks);
  const isWoken = shown.some(({ kind }) => kind === "heartbeat");
  if (places.length > 0) return { ...ofPlaces(places, marks), ...(isWoken ? { isWoken } : {}) };
  const elsewhere = shown.findLast(({ kind }) => kind === "somewhere");
  if (elsewhere) return { kind: "somewhere", ...optional("channel", elsewhere.channel) };
  return ofOwnClients(shown, marks);
}

function system(first: Mark, marks: readonly (Mark | undefined)[]): Shown | undefined {
  const isJob = first.kind === "cron-run";
  // Several jobs in one session are not a run of one.
  if (isJob && marks.some((mark) => mark?.kind === "cron-run" && mark.jobId !== first.jobId)) return undefined;
  return { kind: first.kind as Shown["kind"], ...optional("jobId", first.jobId) };
}

function ofPlaces(places: readonly Mark[], marks: readonly (Mark | undefined)[]): Shown {
  const last = places.at(-1) as Mark;
  const [peer, isOnePeer] = theOne(places.map((mark) => mark.peer));
  const [thread, isOneThread] = theOne(places.map((mark) => mark.thread));
  const [channel, isOneChannel] = theOne(places.map((mark) => mark.channel));
  const [, isOneKind] = theOne(places.map((mark) => mark.kind));
  if (!isOneKind) return { kind: "somewhere", ...optional("channel", channel) };
  const isMixed = !isOnePeer || !isOneThread || !isOneChannel;
  const isUnanimous = marks.every((mark) => mark?.to !== undefined && mark.to === last.to);
  return {
    kind: last.kind as "direct" | "group",
    ...optional("channel", last.channel),
    ...optional("chatType", last.chatType),
    ...optional("peer", isMixed ? undefined : peer),
    ...optional("thread", isMixed ? undefined : thread),
    ...optional("to", isUnanimous ? last.to : undefined),
    ...(isMixed ? { isMixed } : {}),
  };
}

/** The messages of the gateway's own clients and of its heartbeat, where there are no others. */
function ofOwnClients(shown: readonly Mark[], marks: readonly (Mark | undefined)[]): Shown | undefined {
  const web = optional("channel", shown.findLast(({ channel }) => channel !== undefined)?.channel);
  const isBesideBareText = marks.includes(undefined);
  if (shown.some(({ kind }) => kind === "heartbeat"))
    return { kind: "heartbeat", chatType: "direct", ...web, ...(isBesideBareText ? { isBesideBareText } : {}) };
  return isBesideBareText ? undefined : { kind: "own-client", ...web };
}

/** The value that all who give one give, and whether there are no two. */
function theOne<T>(values: readonly (T | undefined)[]): [T | undefined, boolean] {
  const given = new Set(values.filter((value) => value !== undefined));
  return given.size > 1 ? [undefined, false] : [[...given][0], true];
}

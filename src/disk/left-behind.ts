import { placeMark } from "../host/place-mark.ts";
import { lookAt } from "./fingerprint.ts";

/** No write pauses as long. */
const ABANDONED_MS = 60 * 60_000;

/** Old content of a file that was replaced lies under such a name until nobody can add to it any more. */
export const SET_ASIDE = /^(.+)\.session-keeper-(\d+)-[0-9a-f-]{36}\.old$/;
/** What was written beside and not put in place, or captured and not removed. */
export const DRAFT = /\.session-keeper-[0-9a-f-]{36}\.draft$/;

/** True for both: something that only a killed run leaves, and that the next one clears away. */
export function isLeftBehind(name: string): boolean {
  return name.includes(".session-keeper-") && (SET_ASIDE.test(name) || DRAFT.test(name));
}

/** What a killed run captured of a lock, or wrote for one of its own; the group is the lock's name. */
export const LOCK_DRAFT = /^(.+\.lock)\.session-keeper-[0-9a-f-]{36}\.draft$/;

/** A new name for what is about to take the place of `path`. It begins with the mark of this host or container. */
export function draftPathFor(path: string): string {
  return `${path}.session-keeper-${placeMark()}${crypto.randomUUID().slice(8)}.draft`;
}

/** True for a draft that a process of this very host or container made, as far as its name tells. */
export function isDraftOfHere(path: string): boolean {
  return path.includes(`.session-keeper-${placeMark()}-`);
}

/** A new name for the old content of `path`, whose first `bytes` bytes are archived. */
export function asidePathFor(path: string, bytes: number): string {
  return `${path}.session-keeper-${bytes}-${crypto.randomUUID()}.old`;
}

/**
 * True for something half-made that nobody can be at work on any more. A run on another host, or in another container, may
 * share the folder, and its process is none that is seen here; only the time since the last change tells.
 */
export function isAbandoned(path: string): boolean {
  const seen = lookAt(path);
  return seen !== undefined && Date.now() - seen.fingerprint.mtimeMs > ABANDONED_MS;
}

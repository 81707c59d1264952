import { isUtf8 } from "node:buffer";
import { fstatSync, readSync } from "node:fs";
import { JsonTextError, type Member, memberAt, type ObjectSpan, skipSpace } from "../json/json-text.ts";

/** Texts up to this length die young: the collector takes them in passing. */
const WINDOW_BYTES = 96 * 1024;

/**
 * Tells of each member of the object that a file holds, in their order. However large it is, no more of it is in memory at once
 * than its largest member. Places count bytes.
 *
 * @throws JsonTextError when the file is anything else than one object in UTF-8
 */
export function walkMembers(descriptor: number, onMember: (member: Member) => void): Omit<ObjectSpan, "members"> {
  return walk(createWindow(descriptor), onMember);
}

/** A part of a file as text with one character for each byte, so that places in it are places in the file. */
type Window = {
  bytes: Buffer;
  text: string;
  from: number;
  end: number;
  size: number;
  show: (from: number, length: number) => void;
};

function createWindow(descriptor: number): Window {
  let room = Buffer.allocUnsafe(WINDOW_BYTES);
  const window: Window = {
    ...{ bytes: room, text: "", from: 0, end: 0, size: fstatSync(descriptor).size },
    show(from, length) {
      const wanted = Math.min(length, window.size - from);
      if (wanted > room.length) room = Buffer.allocUnsafe(wanted);
      window.bytes = fill(room.subarray(0, wanted), descriptor, from);
      window.text = window.bytes.toString("latin1");
      window.from = from;
      window.end = from + window.bytes.length;
    },
  };
  return window;
}

function walk(window: Window, onMember: (member: Member) => void): Omit<ObjectSpan, "members"> {
  const start = passSpace(window, 0);
  if (characterAt(window, start) !== "{") throw new JsonTextError(start);
  let at = passSpace(window, start + 1);
  for (let isFirst = true; !isFirst || characterAt(window, at) !== "}"; isFirst = false) {
    const member = readMember(window, at);
    onMember(member);
    at = passSpace(window, member.valueEnd);
    const character = characterAt(window, at);
    if (character === "}") break;
    if (character !== ",") throw new JsonTextError(at);
    at = passSpace(window, at + 1);
  }
  const end = at + 1;
  if (passSpace(window, end) !== window.size) throw new JsonTextError(end);
  return { at: start, end };
}

function characterAt(window: Window, at: number): string {
  if (at < window.size && (at < window.from || at >= window.end)) {
    window.show(at, WINDOW_BYTES);
    if (window.end <= at) throw new JsonTextError(at); // it became shorter
  }
  return window.text[at - window.from] ?? "";
}

function passSpace(window: Window, from: number): number {
  for (let at = from; ; ) {
    characterAt(window, at);
    const end = at < window.size ? window.from + skipSpace(window.text, at - window.from) : at;
    if (end < window.end || end >= window.size) return end;
    at = end;
  }
}

/** @throws JsonTextError, also for a member that is no UTF-8 */
function readMember(window: Window, at: number): Member {
  characterAt(window, at);
  let found = memberIn(window, at);
  for (let length = WINDOW_BYTES; !found; length *= 2) {
    window.show(at, length);
    if (window.bytes.length < Math.min(length, window.size - at)) throw new JsonTextError(at); // it became shorter
    found = memberIn(window, at);
  }
  const { nameAt, nameEnd, valueAt, valueEnd } = found;
  if (!isUtf8(window.bytes.subarray(nameAt, valueEnd))) throw new JsonTextError(at);
  // of the bytes: a part of the text would keep all of the window alive
  const written = window.bytes.toString("utf8", nameAt + 1, nameEnd - 1);
  const name = written.includes("\\") ? (JSON.parse(`"${written}"`) as string) : written;
  const places = { nameAt, nameEnd, valueAt, valueEnd };
  for (const place of ["nameAt", "nameEnd", "valueAt", "valueEnd"] as const) places[place] += window.from;
  return { name, ...places };
}

/** Undefined where it may go on behind the window. */
function memberIn(window: Window, at: number): Member | undefined {
  const isLast = window.end === window.size;
  try {
    const member = memberAt(window.text, at - window.from);
    return isLast || member.valueEnd < window.text.length ? member : undefined;
  } catch (error) {
    if (isLast || !(error instanceof JsonTextError)) throw error;
    return undefined;
  }
}

/** Reads bytes from a place in a file, as far as it goes. @returns the part of the room that was filled */
export function fill(room: Buffer, descriptor: number, from: number): Buffer {
  let done = 0;
  while (done < room.length) {
    const length = readSync(descriptor, room, done, room.length - done, from + done);
    if (length === 0) break;
    done += length;
  }
  return room.subarray(0, done);
}

import { readFileSync } from "node:fs";

/**
 * Whether this process can become a user, by its number: in a user namespace only those that it was given can be told apart,
 * and all others look like one that is nobody. Where that can't be read, everybody is known.
 */
export function isUserHere(uid: number): boolean {
  let map: string;
  try {
    map = readFileSync("/proc/self/uid_map", "utf8");
  } catch {
    return true;
  }
  return isMapped(uid, map);
}

/** Reads a map of user ids: a line for each range, with its first id inside, outside, and how many there are. Pure. */
export function isMapped(uid: number, map: string): boolean {
  return map.split("\n").some((line) => {
    const [first, , count] = line.trim().split(/\s+/).map(Number);
    return first !== undefined && count !== undefined && uid >= first && uid < first + count;
  });
}

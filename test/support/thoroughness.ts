import { expect } from "vitest";

/** Of many places at which a run can be stopped or a disk can fail, `npm test` tries one in so many. */
const SHARE = 8;
const FEW = 10;

/**
 * `npm run test:thorough` tries all of them, and takes its time. Which ones `npm test` tries is the same in each run, so that a
 * check turns red by a change alone; others are tried with PROPERTY_SEED=<number>.
 */
const isThorough = process.env.THOROUGH === "1";

/** Those of many places that are tried, in their order. Tests alike take different ones, so that together they miss few. */
export function shareOf<T>(places: readonly T[]): T[] {
  if (isThorough || places.length <= FEW) return [...places];
  const { first, step } = stride();
  return places.filter((_, index) => index % step === first);
}

/** The same for those whose number shows only in the end: the index of the first that is tried, and the step to the next. */
export function stride(): { first: number; step: number } {
  if (isThorough) return { first: 0, step: 1 };
  const name = expect.getState().currentTestName ?? "";
  const seed = Number(process.env.PROPERTY_SEED ?? 0);
  return { first: [...name].reduce((sum, character) => sum + character.charCodeAt(0), seed) % SHARE, step: SHARE };
}

/** How often something is repeated of which each time may show what the others did not. */
export function timesOf(thorough: number): number {
  return isThorough ? thorough : Math.ceil(thorough / SHARE);
}

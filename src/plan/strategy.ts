import type { Settings } from "../config/settings.ts";
import type { Candidate } from "../inspect/rotation.ts";
import { freesEnough, wordObstacle } from "../structure/cut.ts";
import type { SparedReason } from "./plan.ts";

/** What becomes of a transcript; or why it is left alone. `detail` completes the reason's sentence. */
export type Choice = { strategy: "cut" | "digest" | "empty" } | { because: SparedReason; detail?: string };

/** These are over in a moment, or a repair ends them: nothing is given up for them as long as the size can be borne. */
const PASSING = new Set(["unfinished-line", "no-reply"]);

/**
 * Chooses what becomes of a transcript that is too large, condemned or named. Pure.
 *
 * `auto` cuts wherever that keeps the conversation and frees enough. A condemned session is broken in what a cut would keep.
 */
export function chooseStrategy(
  { cut, isCondemned, isNamed, transcript: { fingerprint } }: Candidate,
  { strategy, hardLimit }: Pick<Settings["rotate"], "strategy" | "hardLimit">,
  cutOnly: boolean,
): Choice {
  if (strategy === "empty" && !cutOnly) return { strategy: "empty" };
  if (strategy === "digest" && !cutOnly) return { strategy: "digest" };
  if (isCondemned && !cutOnly) return { strategy: "digest" };
  const mustCut = strategy === "cut" || cutOnly;
  if (!cut || "refused" in cut) {
    const obstacle = cut?.refused ?? "no-boundary";
    const isLeft = mustCut || (PASSING.has(obstacle) && fingerprint.sizeBytes <= hardLimit);
    return isLeft ? { because: "cut-refused", detail: wordObstacle(obstacle) } : { strategy: "digest" };
  }
  const { sizeBytes } = fingerprint;
  if (freesEnough(cut, sizeBytes) || (strategy === "cut" && isNamed)) return { strategy: "cut" };
  const isBearable = mustCut || sizeBytes <= hardLimit;
  return isBearable ? { because: mustCut ? "tail-kept" : "tail-too-large" } : { strategy: "digest" };
}

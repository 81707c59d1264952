import { nearest } from "../config/nearest.ts";
import { KeeperError } from "../errors.ts";
import type { FindingKind } from "../inspect/finding.ts";
import { knownEffectsOf } from "../structure/effects.ts";
import { isDamage } from "./damage-wording.ts";
import type { ReportedExplanation } from "./document.ts";
import { ACTION_EXPLANATIONS } from "./explanations/actions.ts";
import { ARCHIVE_EXPLANATIONS } from "./explanations/archives.ts";
import type { Explanation } from "./explanations/explanation.ts";
import { LOCK_EXPLANATIONS } from "./explanations/locks.ts";
import { LOG_EXPLANATIONS } from "./explanations/logs.ts";
import { REGISTRY_EXPLANATIONS } from "./explanations/registry.ts";
import { SPARED_EXPLANATIONS } from "./explanations/spared.ts";
import { SURROUNDINGS_EXPLANATIONS } from "./explanations/surroundings.ts";
import { DAMAGE_EXPLANATIONS, SIZE_EXPLANATIONS } from "./explanations/transcripts.ts";

/** Every kind of finding: one more does not compile without its text. In the order in which they are listed. */
const FINDINGS = {
  ...DAMAGE_EXPLANATIONS,
  ...SIZE_EXPLANATIONS,
  ...LOG_EXPLANATIONS,
  ...LOCK_EXPLANATIONS,
  ...REGISTRY_EXPLANATIONS,
  ...ARCHIVE_EXPLANATIONS,
  ...SURROUNDINGS_EXPLANATIONS,
} satisfies Record<FindingKind, Explanation>;

/** What can be explained: findings, then steps, then reasons why something was left alone. No name stands twice. */
const known = new Map<string, ReportedExplanation>([
  ...Object.entries(FINDINGS).map(([kind, texts]) => entry(kind, { of: "finding", ...texts, ...releasesOf(kind) })),
  ...Object.entries(ACTION_EXPLANATIONS).map(([kind, texts]) => entry(kind, { of: "action", ...texts })),
  ...Object.entries(SPARED_EXPLANATIONS).map(([kind, texts]) => entry(kind, { of: "spared", ...texts })),
]);

/** The names of all that can be explained. */
export const explainable: readonly string[] = [...known.keys()];

/**
 * What a name in a report means, and what to do; of all of them without a name.
 * @throws KeeperError `usage` for a name that is none
 */
export function explain(kind: string | null): ReportedExplanation[] {
  if (kind === null) return [...known.values()];
  const found = known.get(kind);
  if (found) return [found];
  throw new KeeperError(
    "usage",
    `nothing is called ${JSON.stringify(kind)}; the nearest is ${nearestTo(kind)}`,
    "nothing was done; session-keeper explain lists all of them",
  );
}

/** People leave out the end of a name more often than they misspell all of it. */
function nearestTo(kind: string): string | undefined {
  const beginnings = new Map(explainable.toReversed().map((name) => [name.slice(0, kind.length), name]));
  const found = nearest(kind, [...explainable, ...beginnings.keys()]);
  return found && (beginnings.get(found) ?? found);
}

function entry(kind: string, texts: Omit<ReportedExplanation, "kind">): [string, ReportedExplanation] {
  return [kind, { kind, ...texts }];
}

function releasesOf(kind: string): Pick<ReportedExplanation, "releases"> {
  const releases = isDamage(kind) ? knownEffectsOf(kind) : [];
  return releases.length > 0 ? { releases } : {};
}

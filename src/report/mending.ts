import type { FindingKind } from "../inspect/finding.ts";

const MEND = "detect-corruption --repair";
const ROTATE = "rotate";
const ENTRIES = "validate-registry --repair";
const STRAYS = "validate-registry --repair --resolve-strays";
const LOCKS = "clean-locks";
const ARCHIVE = "archive";

/** The command that mends what was found; null where a person has to do something, which `explain` tells. */
const MENDING = {
  "orphaned-result": MEND,
  "unanswered-call": MEND,
  "duplicate-call": MEND,
  "duplicate-result": MEND,
  "broken-line": MEND,
  "glued-line": MEND,
  "nul-run": MEND,
  "torn-tail": MEND,
  "missing-header": MEND,
  "broken-chain": MEND,
  "lone-surrogate": MEND,
  "blank-text": MEND,
  straggler: null,
  oversized: ROTATE,
  growing: ROTATE,
  "rejection-logged": ROTATE,
  "crash-logged": null,
  "lock-timeout-logged": LOCKS,
  "session-missing-logged": ENTRIES,
  "repair-logged": null,
  "stale-lock": LOCKS,
  "held-lock": null,
  "undecidable-lock": null,
  "lock-directory": LOCKS,
  "stale-binding": ENTRIES,
  "broken-registry": ENTRIES,
  "unregistered-transcript": ENTRIES,
  "missing-transcript": ENTRIES,
  "null-transcript-path": ENTRIES,
  "corrupt-entry": ENTRIES,
  "duplicate-session": STRAYS,
  "stray-session": STRAYS,
  "shared-transcript": null,
  "large-transcript": null,
  "tokens-warning": null,
  "tokens-critical": null,
  "bloated-registry": null,
  "sqlite-era": null,
  "unknown-era": null,
  "clock-stepped": null,
  "idle-session": ARCHIVE,
  leftover: ARCHIVE,
  "sweep-ahead": ARCHIVE,
  "archives-too-large": null,
  "unverified-archive": null,
  "missing-archive": null,
  "damaged-catalog": ARCHIVE,
  "not-undone": null,
  unreadable: null,
} satisfies Record<FindingKind, string | null>;

type Told = { kind: FindingKind; evidence: Record<string, unknown> };

/** What a person types to have it mended, or to learn what to do. `places`: as of `placesIn`. */
export function remedyFor(finding: Told, places: string): string {
  const command = commandFor(finding);
  return command === null ? `session-keeper explain ${finding.kind}` : `session-keeper ${command}${places}`;
}

export function isMendedByCommand(finding: Told): boolean {
  return commandFor(finding) !== null;
}

/** A lock directory in which something lies may be somebody's data: no command removes it. */
function commandFor({ kind, evidence }: Told): string | null {
  return kind === "lock-directory" && evidence.isFilled === true ? null : MENDING[kind];
}

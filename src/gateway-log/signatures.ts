import type { SignatureSetting } from "../config/settings.ts";
import type { DamageKind } from "../structure/damage.ts";
import { notices } from "./notices.ts";
import { rejections } from "./rejections.ts";

/** What a line of the gateway's log can tell about a session. */
export type Signature = {
  name: string;
  kind: "rejection-logged" | "crash-logged" | "lock-timeout-logged" | "session-missing-logged" | "repair-logged";
  severity: "error" | "warning" | "info";
  /** A line like this starts the check that may empty or mend the session it names. */
  condemns: boolean;
  /** Fixed strings, one of which stands in every line that matches: looked for in the raw bytes. None: every line is tried. */
  needles: readonly string[];
  matches: (line: string) => boolean;
  /** What to look for in the session's transcript, the likeliest first. */
  points: readonly DamageKind[];
  /** A line that matches, and one that is near to it and must not. */
  sample: string;
  counterSample: string;
};

/** What a line was recognised as. */
export type Classified = {
  signature: string;
  kind: Signature["kind"];
  severity: Signature["severity"];
  condemns: boolean;
};

/**
 * Wordings of the API and of Claude Code that reject a whole conversation, then what else is logged about sessions. A new
 * one is an entry there, with a line that matches and one that must not.
 */
export const signatures: readonly Signature[] = [...rejections, ...notices];

/**
 * What a line was recognised as: the strongest signature that it matches.
 *
 * @param line one line without colour codes, plain or JSON (quotes may be escaped)
 * @param extra the person's own signatures, beside the table
 * @param ignore a line that matches one of these is nothing
 */
export function classify(
  line: string,
  extra: readonly Signature[] = [],
  ignore: readonly RegExp[] = [],
): Classified | undefined {
  const found = findSignature(line, extra);
  if (!found) return undefined;
  const beginning = beginningOf(line);
  if (ignore.some((pattern) => beginning.search(pattern) >= 0)) return undefined;
  return { signature: found.name, kind: found.kind, severity: found.severity, condemns: found.condemns };
}

/** The strongest signature that a line matches: severity first, then the order of the table, then the person's own. */
export function findSignature(line: string, extra: readonly Signature[] = []): Signature | undefined {
  let found: Signature | undefined;
  for (const signature of [...signatures, ...extra]) {
    if (found && RANK[found.severity] >= RANK[signature.severity]) continue;
    if (signature.matches(line)) found = signature;
  }
  return found;
}

const RANK = { info: 1, warning: 2, error: 3 } as const;

/**
 * A person's own pattern is tried on so much of a line, because some take a time that grows with its square or more: that
 * many characters take a tenth of a second. Longer lines are dumps, which say at their beginning what they are.
 */
const OWN_PATTERN_REACH = 8 * 1024;

const beginningOf = (line: string) => (line.length > OWN_PATTERN_REACH ? line.slice(0, OWN_PATTERN_REACH) : line);

/** A signature from the configuration. Of severity `error` it condemns like a rejection; the others only report. */
export function customSignature({ name, pattern, severity }: SignatureSetting): Signature {
  // A match may begin anywhere, so that `.*` at the beginning only costs time.
  const expression = new RegExp(pattern.replace(/^(?:\.\*\??)+/, ""));
  return {
    name,
    kind: severity === "error" ? "rejection-logged" : "crash-logged",
    severity,
    condemns: severity === "error",
    needles: literalOf(pattern),
    matches: (line) => expression.test(beginningOf(line)),
    points: [],
    sample: "",
    counterSample: "",
  };
}

/** The longest run of plain characters that every match of a simple pattern contains; none when that is not certain. */
function literalOf(pattern: string): string[] {
  if (/[|()[\]\\{}]/.test(pattern)) return [];
  // A character before `?` or `*` may be absent, so it is dropped with its sign.
  const runs = pattern.replace(/.[?*]/gsu, "\n").split(/[\n.^$+?*]/);
  const longest = runs.reduce((best, run) => (run.length > best.length ? run : best), "");
  return longest.length < 3 ? [] : [longest];
}

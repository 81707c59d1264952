import type { Dialect } from "../dialects/dialect.ts";
import type { DamageKind } from "../structure/damage.ts";
import type { Effects } from "../structure/effects.ts";

type Evidence = Record<string, unknown>;

/** Every sentence about damage in a transcript, and what the releases do with it. */
const DAMAGE = {
  "missing-header": () => "it does not begin with a header",
  "orphaned-result": (e) =>
    ORPHANS[String(e.reason ?? "")]?.(ids(e)) ?? `the result of ${ids(e)} has no call that is sent with it`,
  "unanswered-call": (e) =>
    e.place === "last-turn"
      ? `the call ${ids(e)} has no result yet: it may still be running`
      : e.reason === "partial-call"
        ? `the call ${ids(e)} breaks off in the middle of its arguments`
        : `the call ${ids(e)} has no result`,
  "duplicate-call": (e) => `the call ${ids(e)} stands a second time`,
  "duplicate-result": (e) => `the result of ${ids(e)} stands a second time`,
  "broken-line": (e) =>
    e.reason === "too-long"
      ? "the line is longer than 64 MiB and no row"
      : e.reason === "not-an-object"
        ? "the line is no row"
        : e.reason === "no-role"
          ? "the message does not say whose it is"
          : "the line cannot be read",
  "glued-line": (e) =>
    e.reason === "torn-part"
      ? "a row that broke off and a whole one stand on one line"
      : "several rows stand on one line",
  "nul-run": () => "NUL bytes stand in the line",
  "torn-tail": () => "the last row breaks off",
  "broken-chain": () => "the row hangs on one that is not there, and hides what stands before it",
  straggler: () =>
    "the row hangs on one from before the last compaction, so that the summary or the rows before are lost",
  "lone-surrogate": () => "half a character stands in it, which is no valid JSON for the API",
  "blank-text": () => "the user's message is blank",
} satisfies Record<DamageKind, (evidence: Evidence) => string>;

const ORPHANS: Record<string, (ids: string) => string> = {
  "cut-off": (id) => `the result of ${id} stands after a compaction that took its call away`,
  "blank-id": () => "the result does not say of which call it is",
  "failed-turn": (id) => `the result of ${id} belongs to a turn that ended in an error, which is not sent`,
  "partial-call": (id) => `the call of the result of ${id} breaks off in the middle of its arguments`,
};

const PLACES: Record<string, string> = {
  past: "before the last compaction",
  sidechain: "in a subagent's rows",
  abandoned: "on a branch that was left",
  unsent: "in a part of the row that is not sent",
};

const PROGRAMS = { "claude-code": "Claude Code", openclaw: "OpenClaw" };

const EFFECTS = { fatal: "it makes the session fail", "loses-context": "it costs context" };

/** What is wrong, and the worst that comes of it; the evidence tells the rest. */
export function wordDamage(kind: DamageKind, evidence: Evidence, dialect: Dialect["name"] = "claude-code"): string {
  const what = DAMAGE[kind](evidence);
  const place = PLACES[String(evidence.place)];
  if (place) return `${what}, ${place}: no program sends it any more`;
  if (evidence.place === "last-turn") return what;
  const [worst] = evidence.effects as Effects;
  const effect =
    worst && worst.effect !== "harmless"
      ? `; ${EFFECTS[worst.effect]} in ${PROGRAMS[dialect]} (${worst.releases})`
      : "";
  return `${what}${effect}${evidence.repair === "none" ? "; it cannot be mended, and is left as it is" : ""}`;
}

export function isDamage(kind: string): kind is DamageKind {
  return kind in DAMAGE;
}

/** What a repair took out, in words. */
export function wordLosses(lost: unknown): string {
  const parts = listLosses([lost]);
  return parts.length === 0 ? "nothing was lost" : `taken out: ${parts.join(", ")}`;
}

/** What several repairs took out together: a few words for each kind of thing. */
export function listLosses(all: readonly unknown[]): string[] {
  return LOSSES.flatMap(([name, one, many]) => {
    const count = all.reduce(
      (sum: number, lost) => sum + ((lost as Record<string, number> | undefined)?.[name] ?? 0),
      0,
    );
    return count === 0 ? [] : [`${count} ${count === 1 ? one : many}`];
  });
}

const LOSSES = [
  ["results", "result without a call", "results without a call"],
  ["calls", "call without a result", "calls without a result"],
  ["doubles", "call or result that stood twice", "calls or results that stood twice"],
  ["rows", "unusable row", "unusable rows"],
  ["unreadableLines", "unreadable line", "unreadable lines"],
] as const;

function ids({ ids: list }: Evidence): string {
  return Array.isArray(list) && list.length > 0 ? list.join(", ") : "a call";
}

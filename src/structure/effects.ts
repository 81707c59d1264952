import type { Dialect } from "../dialects/dialect.ts";
import type { Damage, DamageKind } from "./damage.ts";

/** What a program does with damage that it meets. */
type Effect = "fatal" | "loses-context" | "harmless";

/** Which releases do what, the worst first. */
export type Effects = readonly { releases: string; effect: Effect }[];

const of = (effect: Effect, releases = "all releases"): Effects[number] => ({ releases, effect });

/** Claude Code, by kind; with a reason where that makes a difference. Measured with the releases named. */
const claudeCode: Partial<Record<`${DamageKind}` | `${DamageKind} ${string}`, Effects>> = {
  "orphaned-result": [
    of("fatal", "up to 2.1.20; up to 2.1.67 as the first message"),
    of("harmless", "from 2.1.69, which take it out of the request"),
  ],
  "orphaned-result server-tool": [of("fatal")],
  "unanswered-call": [of("loses-context", "all releases, which leave the call out or answer it with an error")],
  "unanswered-call server-tool": [of("fatal", "up to 2.1.84"), of("harmless", "from 2.1.112")],
  "duplicate-call": [of("fatal", "up to 2.1.84"), of("loses-context", "from 2.1.112, when it has one result")],
  "duplicate-result": [of("fatal", "up to 2.1.67"), of("harmless", "from 2.1.69")],
  "torn-tail": [
    of("loses-context", "up to 2.1.112, where the next row is lost with it"),
    of("harmless", "native releases"),
  ],
  "glued-line": [of("loses-context")],
  "broken-line": [of("loses-context", "all releases; from 2.1.69 to 2.1.120 all that follows it, above 5 MiB")],
  "broken-line not-an-object": [
    of("loses-context", "2.1.50 to 2.1.112, which stop reading there"),
    of("harmless", "2.0.76 and native releases"),
  ],
  "nul-run": [
    of(
      "loses-context",
      "all releases where a row stands on the line; from 2.1.69 to 2.1.120 all that follows it, above 5 MiB",
    ),
  ],
  "broken-chain": [of("loses-context", "up to 2.1.91; later ones where the rows are more than 5 s apart")],
  straggler: [of("loses-context", "all releases: the summary, or the rows before it")],
  "lone-surrogate": [of("fatal", "up to 2.1.112")],
};

/** OpenClaw, in the file eras. */
const openclaw: typeof claudeCode = {
  "missing-header": [
    of("fatal", "up to 2026.5, which empty the file at their next start"),
    of("loses-context", "2026.6.11, which try to recover it first"),
  ],
  "orphaned-result": [of("fatal", "wherever the request is not repaired in memory"), of("harmless", "elsewhere")],
  "unanswered-call": [of("fatal", "wherever the request is not repaired in memory"), of("harmless", "elsewhere")],
  "duplicate-call": [of("fatal", "wherever the request is not repaired in memory"), of("harmless", "elsewhere")],
  "duplicate-result": [of("fatal", "wherever the request is not repaired in memory"), of("harmless", "elsewhere")],
  "broken-line": [of("loses-context", "all releases: all that stands before it")],
  "broken-line no-role": [
    of("fatal", "2026.2.9, which cannot put the conversation together"),
    of("loses-context", "2026.6.11: all that stands before it"),
  ],
  "glued-line": [of("loses-context", "all releases: all that stands before it")],
  "nul-run": [of("loses-context", "all releases: all that stands before it")],
  "torn-tail": [of("loses-context", "all releases, where the next row is lost with it")],
  "broken-chain": [of("loses-context", "all releases: all that stands before it")],
  "lone-surrogate": [of("fatal", "where the request is refused as no valid JSON")],
  "blank-text": [of("fatal", "with some providers, up to 2026.4.25"), of("harmless", "from 2026.4.26")],
};

const tables: Record<Dialect["name"], typeof claudeCode> = { "claude-code": claudeCode, openclaw };

/** What releases do with damage in what they send. Damage elsewhere does nothing to any of them. */
export function effectsOf({ kind, reason, place }: Damage, dialect: Dialect["name"]): Effects {
  if (place !== "live") return [of("harmless")];
  const table = tables[dialect];
  return table[`${kind} ${reason}`] ?? table[kind] ?? [of("loses-context")];
}

/** In words, the forms of damage that the tables tell apart. */
const FORMS: Record<string, string> = {
  "server-tool": "of a tool that the vendor runs",
  "not-an-object": "JSON, but no object",
  "no-role": "a message that does not say whose it is",
};

/** All that is known of a kind of damage where it is sent: what which releases of which program do with which form of it. */
export function knownEffectsOf(kind: DamageKind): { dialect: Dialect["name"]; form?: string; effects: Effects }[] {
  return (["claude-code", "openclaw"] as const).flatMap((dialect) =>
    Object.entries(tables[dialect]).flatMap(([name, effects = []]) => {
      const [known, reason] = name.split(" ");
      if (known !== kind) return [];
      return [{ dialect, ...(reason === undefined ? {} : { form: FORMS[reason] ?? reason }), effects }];
    }),
  );
}

const REPAIRS: Record<DamageKind, string> = {
  "missing-header": "restore-header",
  "orphaned-result": "drop-block",
  "unanswered-call": "drop-block",
  "duplicate-call": "drop-block",
  "duplicate-result": "drop-block",
  "broken-line": "drop-line",
  "glued-line": "split-line",
  "nul-run": "strip-nuls",
  "torn-tail": "drop-line",
  "broken-chain": "re-parent",
  straggler: "none",
  "lone-surrogate": "replace-character",
  "blank-text": "drop-row",
};

/** In a word, what a repair does with it. */
export function repairOf({ kind, place, reason }: Damage): string {
  return place === "live" && reason !== "too-long" ? REPAIRS[kind] : "none";
}

/** True for damage that a repair takes away. */
export function isMendable(damage: Damage): boolean {
  return repairOf(damage) !== "none";
}

import type { InstallationReport, ReportedExplanation } from "./document.ts";
import type { Paint } from "./screen.ts";
import { hanging } from "./wrap.ts";

const GROUPS: Record<ReportedExplanation["of"], string> = {
  finding: "What can be found",
  action: "What can be done about it",
  spared: "Why something is left alone",
};

const PROGRAMS = { "claude-code": "Claude Code", openclaw: "OpenClaw" };
const EFFECTS = {
  fatal: "makes the session fail",
  "loses-context": "costs context",
  harmless: "does no harm",
};

/** One explanation in full, or a line for each of many. */
export function tellExplanations(explanations: readonly ReportedExplanation[], paint: Paint): string[] {
  const [only, ...others] = explanations;
  if (only && others.length === 0) return inFull(only, paint);
  const groups = (Object.keys(GROUPS) as ReportedExplanation["of"][]).map((group) => {
    const members = explanations.filter((one) => one.of === group);
    const width = Math.max(...members.map(({ kind }) => kind.length));
    return [
      paint("bold", GROUPS[group]),
      ...members.map(({ kind, summary }) => `${hanging(`  ${kind.padEnd(width)}  `)}${summary}`),
      "",
    ];
  });
  return [...groups.flat(), paint("dim", "session-keeper explain NAME tells more of one of them")];
}

function inFull(explanation: ReportedExplanation, paint: Paint): string[] {
  const { kind, summary, what, effect, releases = [], keeper, byHand, back } = explanation;
  const sections = [
    ["What it is", [what]],
    ["What it does", effect === undefined ? [] : [effect, ...releases.map(inReleases)]],
    ["What session-keeper does", keeper === undefined ? [] : [keeper]],
    ["What you can do", byHand === undefined ? [] : [byHand]],
    ["How to get something back", back === undefined ? [] : [back]],
  ] as const;
  return [
    `${paint("bold", `${kind}:`)} ${summary}`,
    ...sections.flatMap(([title, texts]) =>
      texts.length === 0 ? [] : ["", paint("bold", title), ...texts.map((text) => `${hanging("  ")}${text}`)],
    ),
  ];
}

/** What the releases of one program do with it, the worst first. */
function inReleases({ dialect, form, effects }: NonNullable<ReportedExplanation["releases"]>[number]): string {
  const told = effects.map(({ effect, releases }) => `${EFFECTS[effect]} (${releases})`).join("; ");
  return `${PROGRAMS[dialect]}${form === undefined ? "" : `, ${form}`}: ${told}`;
}

/** Where to read on about what was found; of a kind by name where there is only one. */
export function whereToReadOn(installations: readonly InstallationReport[]): string | undefined {
  const grave = installations.flatMap(({ findings }) => findings.filter(({ severity }) => severity !== "info"));
  const kinds = new Set(grave.map(({ kind }) => kind));
  const [first] = kinds;
  return first && `session-keeper explain ${kinds.size === 1 ? first : "KIND"} tells more`;
}

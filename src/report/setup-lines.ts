import type { ReportDocument, ReportedCheck } from "./document.ts";
import { type Paint, type Style, shown } from "./screen.ts";
import { wrap } from "./wrap.ts";

const STYLES: Record<ReportedCheck["severity"], Style> = {
  ok: "green",
  advice: "cyan",
  warning: "yellow",
  error: "red",
};
/** As wide as the longest of the words before a line. */
const LABEL = 9;

/** What `setup` has to say of the machine, or of one installation: what was asked for as it is, and the checklist by groups. */
export function tellSetup(
  { checks = [], text, changes = [] }: Pick<ReportDocument, "checks" | "text" | "changes">,
  title: string,
  { width, quiet }: { width: number; quiet: boolean },
  paint: Paint,
): string[] {
  const told = quiet ? checks.filter(({ severity }) => severity === "warning" || severity === "error") : checks;
  const lines = text === undefined ? [] : [text.replace(/\n$/, "")];
  for (const { message } of quiet ? [] : changes) lines.push(...wrap("", shown(message), width));
  if (told.length > 0) lines.push(paint("bold", title));
  for (const group of new Set(told.map((check) => check.group))) {
    lines.push(`  ${paint("dim", group)}`);
    for (const check of told.filter((one) => one.group === group)) lines.push(...checkLines(check, width, paint));
  }
  return told.length > 0 ? [...lines, ""] : lines;
}

function checkLines({ severity, message, remedy }: ReportedCheck, width: number, paint: Paint): string[] {
  const indent = " ".repeat(4 + LABEL);
  const told = wrap(`    ${paint(STYLES[severity], severity.padEnd(LABEL))}`, shown(message), width);
  return remedy === undefined ? told : [...told, ...wrap(`${indent}-> `, shown(remedy), width)];
}

import type { InstallationReport, ReportDocument, ReportedCheck } from "./document.ts";
import { type Paint, type Style, shown } from "./screen.ts";
import { keptWhole, wrap } from "./wrap.ts";

const STYLES: Record<ReportedCheck["severity"], Style> = {
  ok: "green",
  advice: "cyan",
  warning: "yellow",
  error: "red",
};
/** As wide as the longest of the words before a line. */
const LABEL = 9;

type Options = { width: number; quiet: boolean };

/** What `setup` has to say: what was asked for as it is, what it did, or the checklist by installations and groups. */
export function setupLines(
  { checks = [], text, changes = [], installations }: ReportDocument,
  headline: (installation: InstallationReport) => string,
  options: Options,
  paint: Paint,
): string[] {
  const all = [...checks, ...installations.flatMap((one) => one.checks ?? [])];
  return [
    ...(text === undefined ? [] : [keptWhole(text.replace(/\n$/, ""))]),
    ...(options.quiet ? [] : changes.flatMap(({ message }) => wrap("", shown(message), options.width, "  "))),
    ...checklist("this machine", checks, options, paint),
    ...installations.flatMap((one) => checklist(headline(one), one.checks ?? [], options, paint)),
    ...(all.length > 0 && !options.quiet ? [verdictOn(all, paint)] : []),
  ];
}

function checklist(title: string, checks: readonly ReportedCheck[], options: Options, paint: Paint): string[] {
  const told = options.quiet ? checks.filter(isWrong) : checks;
  if (told.length === 0) return [];
  const groups = [...new Set(told.map(({ group }) => group))].flatMap((group) => [
    `  ${paint("dim", group)}`,
    ...told.filter((one) => one.group === group).flatMap((check) => checkLines(check, options.width, paint)),
  ]);
  return [...wrap("", paint("bold", title), options.width, "  "), ...groups, ""];
}

function checkLines({ severity, message, remedy }: ReportedCheck, width: number, paint: Paint): string[] {
  const indent = " ".repeat(width < 60 ? 4 : 4 + LABEL);
  const told = wrap(`    ${paint(STYLES[severity], severity.padEnd(LABEL))}`, shown(message), width, indent);
  return remedy === undefined ? told : [...told, ...wrap(`${indent}-> `, shown(remedy), width)];
}

function verdictOn(checks: readonly ReportedCheck[], paint: Paint): string {
  const count = (wanted: ReportedCheck["severity"]) => checks.filter(({ severity }) => severity === wanted).length;
  const [errors, warnings, advice] = [count("error"), count("warning"), count("advice")];
  const wrong = [
    ...(errors > 0 ? [paint("red", errors === 1 ? "1 error" : `${errors} errors`)] : []),
    ...(warnings > 0 ? [paint("yellow", warnings === 1 ? "1 warning" : `${warnings} warnings`)] : []),
  ];
  const ready = wrong.length === 0 ? `${paint("green", "ready")}: nothing is in the way` : wrong.join(", ");
  return advice === 0 ? ready : `${ready}; ${advice === 1 ? "1 piece" : `${advice} pieces`} of advice`;
}

function isWrong({ severity }: ReportedCheck): boolean {
  return severity === "warning" || severity === "error";
}

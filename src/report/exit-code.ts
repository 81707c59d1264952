import type { InstallationReport, ReportedCheck, ReportedFailure } from "./document.ts";

const BY_CODE: Record<string, number> = { usage: 2, config: 2, locked: 75 };

/**
 * What the process says with its exit code: 0 healthy, or everything found was dealt with; 1 findings of severity warning or
 * error remain; 2 usage or configuration; 3 an action or an installation failed; 75 another run holds the lock.
 */
export function exitCodeOf(
  installations: readonly InstallationReport[],
  error?: ReportedFailure,
  checks: readonly ReportedCheck[] = [],
): number {
  if (error) return BY_CODE[error.code] ?? 3;
  const failures = installations.flatMap(({ failure }) => failure ?? []);
  if (
    failures.some(({ code }) => code !== "locked") ||
    installations.some(({ actions }) => actions.some(({ result }) => result === "failed"))
  )
    return 3;
  if (failures.length > 0) return 75;
  const isLeft = installations.some(({ findings }) =>
    findings.some(({ severity, resolved }) => severity !== "info" && !resolved),
  );
  return isLeft || [...checks, ...installations.flatMap((one) => one.checks ?? [])].some(isWrong) ? 1 : 0;
}

/** An advice is one: nothing is wrong without it. */
function isWrong({ severity }: ReportedCheck): boolean {
  return severity === "warning" || severity === "error";
}

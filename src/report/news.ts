import { type InstallationReport, isOpen } from "./document.ts";

/** An installation without the trouble that was told lately. What waits or was left alone goes with the trouble that it is about. */
export function withoutTold(installation: InstallationReport): InstallationReport {
  const { findings, actions, spared } = installation;
  const fresh = findings.filter(({ isTold }) => !isTold);
  const freshPaths = new Set(fresh.map(({ path }) => path));
  const told = new Set(findings.flatMap(({ isTold, path }) => (isTold && !freshPaths.has(path) ? [path] : [])));
  return {
    ...installation,
    findings: fresh,
    actions: actions.filter(({ isTold, result, path }) => !isTold && (result === "done" || !told.has(path))),
    spared: spared.filter(({ path }) => !told.has(path)),
  };
}

/** Whether a run of a crontab has something to say of it: it did something, or there is trouble that was not told lately. */
export function hasNews({ findings, actions }: InstallationReport): boolean {
  const hasActed = actions.some(
    ({ kind, result, isTold }) => kind !== "notify" && (result === "done" || (result === "failed" && !isTold)),
  );
  return hasActed || findings.some((finding) => isOpen(finding) && !finding.isTold);
}

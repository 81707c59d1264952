import { existsSync } from "node:fs";
import type { Settings } from "../config/settings.ts";
import { KeeperError } from "../errors.ts";
import { reportFinding } from "../report/build.ts";
import type { InstallationReport } from "../report/document.ts";
import { readJournal } from "../state/journal.ts";
import { planUndo } from "../undo/plan.ts";
import type { World } from "./run.ts";
import { stateDirectoryOf } from "./state-directory.ts";

/** The files that a person had named to a run and that are still there; none for a run over whole homes. */
export function filesOfRun(runId: string, settings: Settings, { surroundings }: World): string[] {
  const plan = planUndo(readJournal(stateDirectoryOf(settings, surroundings)), runId);
  return plan?.areNamed ? plan.sessions.map(({ path }) => path).filter((path) => existsSync(path)) : [];
}

/**
 * Puts together what the installations know of the run that is to be undone, and tells what belongs to none of them.
 *
 * @throws KeeperError `usage` for a run that nobody knows, or that was itself an undo
 */
export function settleUndo(runId: string, reports: readonly InstallationReport[]): InstallationReport[] {
  const known = reports.flatMap(({ undo }) => (undo?.isKnown ? [undo] : []));
  const undoes = known.find((one) => one.undoes !== undefined)?.undoes;
  if (undoes !== undefined)
    throw new KeeperError(
      "usage",
      `run ${runId} undid run ${undoes}, and is not itself undone`,
      "nothing was changed; to have it done again, run the command of that run again",
    );
  const isFailed = reports.some(({ failure }) => failure);
  if (known.length === 0 && !isFailed) throw unknown(runId, reports);
  const [first] = known;
  const homeless = (first?.elsewhere ?? []).filter((path) => known.every(({ elsewhere }) => elsewhere.includes(path)));
  const findings = isFailed ? [] : homeless.map(tellHomeless);
  return reports.map(({ undo: _, ...report }, index) =>
    index === 0 ? { ...report, findings: [...report.findings, ...findings] } : report,
  );
}

function tellHomeless(path: string): InstallationReport["findings"][number] {
  const because = "it is gone, or lies in no home that was looked at; name its home as that run did";
  const evidence = { step: "any", because };
  return reportFinding({ kind: "not-undone", severity: "warning", path, evidence }, false);
}

function unknown(runId: string, reports: readonly InstallationReport[]): KeeperError {
  const recent = reports.find(({ undo }) => (undo?.recent.length ?? 0) > 0)?.undo?.recent ?? [];
  const runs = recent.map((one) => `${one.runId} (${one.command})`).join(", ");
  return new KeeperError(
    "usage",
    `no run ${runId} is known here`,
    `nothing was changed; ${
      runs === ""
        ? "no run is known that changed anything; --state-dir says where else to look"
        : `the last runs that changed something: ${runs}`
    }`,
  );
}

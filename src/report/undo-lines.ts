import type { InstallationReport, ReportDocument, ReportedAction } from "./document.ts";
import { labelled, type Paint, shown } from "./screen.ts";
import { keptWhole } from "./wrap.ts";

/** What `restore undo` did, or would do, in one installation, for people: session by session. */
export function undoLines(
  { actions, findings }: InstallationReport,
  { dryRun, runId }: Pick<ReportDocument, "dryRun" | "runId">,
  headline: string,
  paint: Paint,
): string[] {
  const lines = [paint("bold", headline)];
  for (const path of new Set([...actions, ...findings].map((item) => item.path))) {
    const isHere = (item: { path?: string }) => item.path === path;
    lines.push("", `  ${path === undefined ? "the gateway" : keptWhole(shown(path))}`);
    for (const action of actions.filter(isHere)) lines.push(...actionLines(action, dryRun, paint));
    for (const { message, severity } of findings.filter(isHere))
      lines.push(
        labelled(severity === "info" ? "seen" : "left", message, severity === "info" ? "cyan" : "yellow", paint),
      );
  }
  if (actions.length === 0 && findings.length === 0) lines.push("  nothing to put back");
  return [...lines, "", ...closing(actions, dryRun, runId, paint)];
}

function actionLines({ result, message, path, detail }: ReportedAction, dryRun: boolean, paint: Paint): string[] {
  const isElsewhere = typeof detail?.place === "string" && detail.place !== path;
  const place = isElsewhere ? [`           ${paint("dim", keptWhole(shown(String(detail.place))))}`] : [];
  if (result === "planned") return [labelled(dryRun ? "would" : "will", message, "cyan", paint), ...place];
  if (result === "failed") return [labelled("FAILED", message, "red", paint), ...place];
  return [labelled("done", message, "green", paint), ...place];
}

function closing(actions: readonly ReportedAction[], dryRun: boolean, runId: string, paint: Paint): string[] {
  if (dryRun) return [paint("dim", "dry run: nothing was changed")];
  const done = actions.filter(({ result }) => result === "done").length;
  if (done === 0) return actions.length > 0 ? [paint("dim", "nothing was changed")] : [];
  return [`run ${runId}: ${done} ${done === 1 ? "step" : "steps"} put back; the archives stay`];
}

import type { Installation } from "../installation/installation.ts";
import type { InstallationReport } from "../report/document.ts";
import type { Prospect } from "./prospects.ts";

/** What is told of an installation before anything was looked at: who it is, or why it could not be looked up. */
export function blankReport(prospect: Prospect): InstallationReport {
  const blank: InstallationReport = {
    name: prospect.name,
    era: null,
    dialects: [],
    findings: [],
    actions: [],
    spared: [],
  };
  if ("failure" in prospect) return { ...blank, failure: prospect.failure };
  const { installation } = prospect;
  const era = installation.folders.length > 0 ? null : (installation.openclaw?.era.era ?? null);
  const { name, containerPaths } = installation;
  const { findings, actions, spared } = blank;
  const known = { name, era, dialects: dialectsOf(installation), ...(containerPaths ? { containerPaths } : {}) };
  return { ...known, findings, actions, spared };
}

function dialectsOf({ folders, transcripts, claude, openclaw }: Installation): InstallationReport["dialects"] {
  if (folders.length > 0) return [...new Set(transcripts.map(({ dialect }) => dialect))];
  return [...(claude ? ["claude-code"] : []), ...(openclaw ? ["openclaw"] : [])];
}

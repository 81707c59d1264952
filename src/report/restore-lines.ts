import { formatSize } from "../config/units.ts";
import type { InstallationReport, ReportDocument, ReportedArchive, ReportedFinding } from "./document.ts";
import { layOut, type Paint, shown } from "./screen.ts";
import { undoLines } from "./undo-lines.ts";

type Told = { results: string[]; problems: string[] };

/** What `restore` found or did in one installation, for people. `headline`: whose it is. */
export function tellRestore(
  installation: InstallationReport,
  report: Pick<ReportDocument, "verb" | "dryRun" | "runId">,
  headline: string,
  paint: Paint,
): Told {
  const { archives = [], findings } = installation;
  const { verb, dryRun } = report;
  const damaged = findings.filter(({ kind }) => kind === "damaged-catalog");
  const notes = damaged.map(({ kind, path, message }) => `  ${shown(path ?? "")}: ${shown(message)} (${kind})`);
  if (verb === "list")
    return { results: [paint("bold", headline), ...tableOf(archives, paint), ...notes, ""], problems: [] };
  if (verb === "undo") return { results: undoLines(installation, report, headline, paint), problems: [] };
  if (verb === "verify") {
    const distrusted = findings.filter((finding) => !damaged.includes(finding));
    const lines = [...notes, ...distrusted.flatMap((finding) => findingLines(finding, archives, paint))];
    return { results: [paint("bold", headline), ...lines, `  ${verdictOn(archives, paint)}`, ""], problems: [] };
  }
  const grave = findings.filter(({ severity }) => severity !== "info");
  const problems = grave.map(({ message }) => `${paint("yellow", `${installation.name}:`)} ${message}`);
  return { results: copyLines(installation, dryRun), problems };
}

function tableOf(archives: readonly ReportedArchive[], paint: Paint): string[] {
  if (archives.length === 0) return ["  no archives"];
  const [head = "", ...lines] = layOut(
    [
      ["session", "segment", "when (UTC)", "reason", "lines", "size", "archive"],
      ...archives.map(({ sessionId, segment, at, reason, lines, bytes, path }) => [
        shown(sessionId),
        String(segment),
        timeOf(at),
        reason,
        String(lines),
        formatSize(bytes),
        shown(path),
      ]),
    ],
    [1, 4, 5],
  );
  return [`  ${paint("dim", head)}`, ...lines.map((line) => `  ${line}`)];
}

function findingLines(finding: ReportedFinding, archives: readonly ReportedArchive[], paint: Paint): string[] {
  const archive = archives.find(({ path }) => path === finding.path);
  const title = archive
    ? `  ${paint("bold", shown(archive.sessionId))}, archive ${archive.segment}, ${timeOf(archive.at)} UTC`
    : `  ${paint("bold", shown(finding.sessionId ?? ""))}`;
  return [
    "",
    title,
    `    ${paint("dim", shown(finding.path ?? ""))}`,
    `    ${paint("red", "found ")} ${finding.message} (${finding.kind})`,
    "",
  ];
}

function verdictOn(archives: readonly ReportedArchive[], paint: Paint): string {
  const bad = archives.filter(({ verified }) => verified === false).length;
  const read = `${archivesOf(archives.length)} read back`;
  if (archives.length === 0) return "no archives";
  return bad === 0
    ? `${paint("green", "healthy")}: ${read}, and every one holds what was archived`
    : `${read}, ${bad} cannot be trusted`;
}

function copyLines({ copy }: InstallationReport, dryRun: boolean): string[] {
  if (!copy || (copy.path === undefined && !dryRun)) return []; // stdout is the copy
  const archives = copy.parts - (copy.withLive ? 1 : 0);
  const from = [...(archives > 0 ? [archivesOf(archives)] : []), ...(copy.withLive ? ["the live transcript"] : [])];
  const where = copy.path === undefined ? "stdout" : shown(copy.path);
  return [`${dryRun ? "would write" : "wrote"} ${formatSize(copy.bytes)} from ${from.join(" and ")} to ${where}`];
}

function archivesOf(count: number): string {
  return count === 1 ? "1 archive" : `${count} archives`;
}

function timeOf(at: string): string {
  return shown(at.slice(0, 19).replace("T", " "));
}

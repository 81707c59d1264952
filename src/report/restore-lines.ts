import { formatSize } from "../config/units.ts";
import type { InstallationReport, ReportDocument, ReportedArchive, ReportedFinding } from "./document.ts";
import { labelled, layOut, type Paint, shown } from "./screen.ts";
import { undoLines } from "./undo-lines.ts";
import { keptWhole } from "./wrap.ts";

type Told = { results: string[]; problems: string[] };

/**
 * What `restore` found or did in one installation, for people.
 * @param headline whose it is
 * @param columns how wide the screen is; undefined: there is none
 */
export function tellRestore(
  installation: InstallationReport,
  report: Pick<ReportDocument, "verb" | "dryRun" | "runId">,
  headline: string,
  columns: number | undefined,
  paint: Paint,
): Told {
  const { archives = [], findings } = installation;
  const { verb, dryRun } = report;
  const damaged = findings.filter(({ kind }) => kind === "damaged-catalog");
  const notes = damaged.map(({ kind, path, message }) => `  ${shown(path ?? "")}: ${shown(message)} (${kind})`);
  if (verb === "list")
    return { results: [paint("bold", headline), ...listOf(archives, columns, paint), ...notes, ""], problems: [] };
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

/** A table; on a screen that is too narrow for it, session by session. */
function listOf(archives: readonly ReportedArchive[], columns: number | undefined, paint: Paint): string[] {
  if (archives.length === 0) return ["  no archives"];
  const table = tableOf(archives);
  if (columns === undefined || table.every((line) => line.length <= columns))
    return table.map((line, index) => keptWhole(index === 0 ? paint("dim", line) : line));
  return archives.flatMap((archive, index) => {
    const { sessionId, segment, at, reason, lines, bytes, path } = archive;
    const isSame = archives[index - 1]?.sessionId === sessionId;
    return [
      ...(isSame ? [] : [`  ${shown(sessionId)}`]),
      `    archive ${segment}, ${timeOf(at)} UTC, ${reason}: ${lines} lines, ${formatSize(bytes)}`,
      `    ${paint("dim", keptWhole(shown(path)))}`,
    ];
  });
}

function tableOf(archives: readonly ReportedArchive[]): string[] {
  const lines = layOut(
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
  return lines.map((line) => `  ${line}`);
}

function findingLines(finding: ReportedFinding, archives: readonly ReportedArchive[], paint: Paint): string[] {
  const archive = archives.find(({ path }) => path === finding.path);
  const title = archive
    ? `  ${paint("bold", shown(archive.sessionId))}, archive ${archive.segment}, ${timeOf(archive.at)} UTC`
    : `  ${paint("bold", shown(finding.sessionId ?? ""))}`;
  return [
    "",
    title,
    `    ${paint("dim", keptWhole(shown(finding.path ?? "")))}`,
    labelled("found", `${finding.message} (${finding.kind})`, "red", paint),
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

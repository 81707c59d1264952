import type { Flags, Surroundings } from "../config/load.ts";
import { loadSettings } from "../config/load.ts";
import type { Settings } from "../config/settings.ts";
import { describeError, KeeperError } from "../errors.ts";
import {
  beginReport,
  finishReport,
  type InstallationReport,
  type ReportDocument,
  type ReportedFailure,
} from "../report/document.ts";
import { writeRunLog } from "../report/run-log.ts";
import type { Announce } from "./announce.ts";
import { describeFailure, lookForAll, type Prospect, scopeOf } from "./prospects.ts";
import type { Output, RestoreRequest } from "./restore.ts";
import type { SetupRequest } from "./setup.ts";
import { lookAfterAll } from "./side-by-side.ts";

/** What a person asked for on the command line, in units. */
export type Request = {
  command: string;
  flags: Flags;
  dryRun: boolean;
  force: boolean;
  sessions: string[];
  /** transcripts named by path; empty: the installations' own */
  files: string[];
  repair: boolean;
  /** sessions that lie with the wrong agent go to the right one, or into the archive */
  resolveStrays: boolean;
  /** the gateway may be restarted after a repair of its registry */
  restart: boolean;
  /** an error that a person pasted */
  errorText: string | null;
  /** of `status`: where its page is written to */
  htmlFile: string | null;
  cron: boolean;
  /** the person does not want to be asked */
  yes: boolean;
  waitMs: number;
  maxRuntimeMs: number | null;
  /** what `restore` was told to do */
  restore?: RestoreRequest;
  /** what `setup` was told to do */
  setup?: SetupRequest;
  /** what `explain` was asked for; null: all of it */
  explain?: { kind: string | null };
};

/** What the program runs in. `output`: where bytes go that a person asked for. `ask`: absent without a person to answer. */
export type World = {
  surroundings: Surroundings;
  version: string;
  signal: AbortSignal;
  output?: Output;
  ask?: (question: string, signal: AbortSignal) => Promise<boolean>;
  /** tells of trouble that is no failure of the run; `isMinor`: only to those who want to hear more */
  warn?: (text: string, isMinor: boolean) => void;
};

/** Goes down the stairs once: settings, installations, findings, plan, outcomes, report. Each installation fails on its own. */
export async function run(request: Request, world: World): Promise<ReportDocument> {
  const begun = beginReport(request.command, world.version, request.dryRun, (request.restore ?? request.setup)?.verb);
  if (request.setup)
    return (await import("./setup.ts")).setUp(request.setup, begun, { request, world, runId: begun.runId });
  if (request.explain) return (await import("./explain.ts")).explainTo(request.explain.kind, begun);
  const installations: InstallationReport[] = [];
  let error: ReportedFailure | undefined;
  let settings: Settings | undefined;
  let announce: Announce | undefined;
  let prospects: Prospect[] = [];
  try {
    settings = await loadSettings(request.flags, world.surroundings);
    if (request.command === "clean-locks" && request.force) await confirmForce(request, world, settings);
    if (isAnnounced(request, settings))
      announce = (await import("./announce.ts")).announceStart(request, world, settings);
    const asked = request.restore;
    prospects = await lookUp(request, settings, world);
    if (asked && asked.verb !== "undo") {
      const { restore } = await import("./restore.ts");
      installations.push(...(await restore(asked, prospects, { request, world, settings, runId: begun.runId })));
    } else {
      refuseUnknownSessions(request.sessions, prospects);
      installations.push(...(await lookAfterAll(prospects, { request, world, settings, runId: begun.runId })));
      if (asked) {
        const { settleUndo } = await import("./undo-request.ts");
        installations.push(...settleUndo(asked.runId, installations.splice(0)));
      }
    }
  } catch (thrown) {
    error = describeFailure(thrown);
  }
  let report = finishReport(begun, installations, error);
  if (request.htmlFile !== null && !error) {
    const { writeStatusPage } = await import("./status-page.ts");
    try {
      await writeStatusPage(report, request, world, settings);
    } catch (thrown) {
      report = finishReport(begun, installations, describeFailure(thrown));
    }
  }
  if (!settings || request.dryRun) return report;
  const failure = await enterInLog(settings, report);
  const final = failure ? finishReport(begun, installations, error ?? failure) : report;
  await announce?.(final, prospects);
  return final;
}

/** What crontabs run. */
const ANNOUNCED: ReadonlySet<string> = new Set([
  "rotate",
  "detect-corruption",
  "clean-locks",
  "archive",
  "validate-registry",
]);

/** True when a run is to be told of outside: by alerts, pings or metrics. */
function isAnnounced({ command, dryRun }: Request, { notify, ping, metrics }: Settings): boolean {
  if (dryRun || !ANNOUNCED.has(command)) return false;
  return [notify.command, notify.webhook, ping.url, metrics.textfile].some((place) => place !== null);
}

/** Adds the run to the configured log. Returns why that could not be. */
async function enterInLog({ log }: Settings, report: ReportDocument): Promise<ReportedFailure | undefined> {
  try {
    await writeRunLog(log, report);
    return undefined;
  } catch (thrown) {
    return {
      code: "log",
      message: `the log ${log.file} cannot be written (${describeError(thrown)})`,
      hint: "all else was done as told here; correct log.file, or make its folder",
    };
  }
}

/** The installations; or one of the files that were named, be it to this run or to the one that it undoes. */
async function lookUp(request: Request, settings: Settings, world: World): Promise<Prospect[]> {
  const { files, restore } = request;
  const named =
    restore?.verb === "undo" ? (await import("./undo-request.ts")).filesOfRun(restore.runId, settings, world) : files;
  if (named.length === 0) return lookForAll(settings, world.surroundings, scopeOf(request));
  const { lookForFiles } = await import("./named-files.ts");
  return [await lookForFiles(named, settings, world.surroundings)];
}

/** Taking locks from programs that live lets two of them write into one file, so a person has to want it. */
async function confirmForce(
  { dryRun, yes }: Request,
  { ask, signal }: World,
  { installations }: Settings,
): Promise<void> {
  if (dryRun || yes) return;
  const names = installations.map(({ name }) => name).join(", ");
  if (await ask?.(`Remove every lock of ${names}, also of programs that are at work?`, signal)) return;
  throw new KeeperError(
    "usage",
    ask
      ? "this was not confirmed"
      : "--force without a terminal needs --yes, because it also takes the locks of programs that live",
    "nothing was done; session-keeper clean-locks --force --dry-run shows which locks there are",
  );
}

/** A session that was named and is nowhere is a slip of the hand: better said than silently passed over. */
function refuseUnknownSessions(sessions: readonly string[], prospects: readonly Prospect[]): void {
  const known = new Set(
    prospects.flatMap((prospect) =>
      "failure" in prospect ? [] : prospect.installation.transcripts.map(({ sessionId }) => sessionId),
    ),
  );
  const unknown = sessions.filter((session) => !known.has(session));
  if (unknown.length === 0 || prospects.some((prospect) => "failure" in prospect)) return;
  throw new KeeperError(
    "usage",
    `there is no session ${unknown.join(", ")} in the homes that were looked at`,
    "nothing was changed; a session's id is its transcript's file name without .jsonl",
  );
}

import { spawnSync } from "node:child_process";
import { readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadSettings } from "../../src/config/load.ts";
import type { Disk } from "../../src/disk/disk.ts";
import { type InstallationReport, type ReportedFailure, summarize } from "../../src/report/document.ts";
import { exitCodeOf } from "../../src/report/exit-code.ts";
import { lookAfter } from "../../src/run/look-after.ts";
import { describeFailure, lookForAll } from "../../src/run/prospects.ts";
import type { Home } from "../support/home.ts";
import { allFiles } from "./scene.ts";

export type InProcessRun = { report: InstallationReport; exitCode: number };

type Strategy = "cut" | "digest" | "empty";

/** A run of `rotate --max-size 2KB` inside this process, on the disk that it is given. */
export async function rotateInProcess(home: Home, disk?: Disk): Promise<InProcessRun> {
  return await runInProcess(home, { command: "rotate", maxSize: "2KB", strategy: "empty" }, disk);
}

/** The same with a limit above which there is no digest. */
export async function shortenInProcess(home: Home, strategy: Strategy, disk?: Disk): Promise<InProcessRun> {
  return await runInProcess(home, { command: "rotate", maxSize: "20KB", strategy }, disk);
}

/** A run that mends what is broken: of `detect-corruption --repair`, or of `rotate`, which does so for bots. */
export async function repairInProcess(
  home: Home,
  command: "detect-corruption" | "rotate",
  disk?: Disk,
): Promise<InProcessRun> {
  return await runInProcess(home, { command }, disk);
}

/** A run of `archive`. */
export async function archiveInProcess(home: Home, disk?: Disk): Promise<InProcessRun> {
  return await runInProcess(home, { command: "archive" }, disk);
}

/** A run of `validate-registry --repair`. */
export async function validateInProcess(home: Home, disk?: Disk): Promise<InProcessRun> {
  return await runInProcess(home, { command: "validate-registry" }, disk);
}

/** A run of `validate-registry --repair --resolve-strays`. */
export async function resolveStraysInProcess(home: Home, disk?: Disk): Promise<InProcessRun> {
  return await runInProcess(home, { command: "validate-registry", resolveStrays: true }, disk);
}

type Command = "archive" | "detect-corruption" | "rotate" | "validate-registry";

async function runInProcess(
  home: Home,
  {
    command,
    maxSize,
    strategy,
    resolveStrays = false,
  }: { command: Command; maxSize?: string; strategy?: Strategy; resolveStrays?: boolean },
  disk?: Disk,
): Promise<InProcessRun> {
  const surroundings = {
    env: { PATH: process.env.PATH },
    homeDirectory: home.root,
    uid: process.geteuid?.() ?? 0,
    cwd: home.root,
    systemDirectory: join(home.root, "etc"),
  };
  const flags = {
    openclawHome: home.openclaw,
    claudeHome: home.claude,
    gatewayLog: [home.log],
    stateDir: home.state,
    ...(maxSize ? { maxSize } : {}),
    ...(strategy ? { strategy } : {}),
  };
  const settings = await loadSettings(flags, surroundings);
  const [prospect] = await lookForAll(settings, surroundings);
  if (!prospect || "failure" in prospect) throw new Error("the scratch home is no installation");
  const base = { name: prospect.name, era: null, dialects: [], findings: [], actions: [], spared: [] };
  let report: InstallationReport;
  try {
    const found = await lookAfter(prospect.installation, {
      request: {
        command,
        flags,
        dryRun: false,
        force: false,
        sessions: [],
        files: [],
        repair: command !== "rotate",
        resolveStrays,
        restart: false,
        errorText: null,
        htmlFile: null,
        cron: false,
        yes: false,
        waitMs: 0,
        maxRuntimeMs: null,
      },
      world: { surroundings, version: "0.0.0", signal: new AbortController().signal },
      settings,
      runId: "run",
      sharedLogs: new Map(),
      ...(disk ? { disk } : {}),
    });
    report = { ...base, ...found };
  } catch (error) {
    const failure: ReportedFailure = describeFailure(error);
    report = { ...base, failure };
  }
  summarize([report]);
  return { report, exitCode: exitCodeOf([report]) };
}

/**
 * What a run inside this process leaves behind names this process, which lives on. Puts the number of one that has ended in
 * its place, as it would be after a run of the program.
 */
export function pretendItEnded(folder: string): void {
  const { pid: ended } = spawnSync("true");
  const own = String(process.pid);
  for (const name of allFiles(folder)) {
    const path = join(folder, name);
    if (!statSync(path).isFile()) continue;
    if (/\.(lock|owner)$/.test(name)) {
      const text = readFileSync(path, "utf8");
      writeFileSync(path, text.replace(new RegExp(`("pid": ?)${own}\\b`), `$1${ended}`));
    }
    const renamed = path.replace(new RegExp(`\\.${own}(?=[.-])`), `.${ended}`);
    if (renamed !== path) renameSync(path, renamed);
  }
}

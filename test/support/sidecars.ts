import { lstatSync, lutimesSync, mkdirSync, readdirSync, readFileSync, readlinkSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { applyPlan, type JobOutcome } from "../../src/apply/apply.ts";
import { recoverSetAside } from "../../src/apply/recover.ts";
import type { Tools } from "../../src/apply/tools.ts";
import { type CatalogRecord, readCatalog } from "../../src/archive/catalog.ts";
import { loadSettings } from "../../src/config/load.ts";
import { type Disk, openDisk } from "../../src/disk/disk.ts";
import type { Job } from "../../src/plan/plan.ts";
import { lookForAll } from "../../src/run/prospects.ts";
import { openJournal, readJournal } from "../../src/state/journal.ts";
import { historyOf } from "../../src/undo/history.ts";
import { planUndo } from "../../src/undo/plan.ts";
import { putBackSessions } from "../../src/undo/put-back.ts";
import type { UndoOutcome } from "../../src/undo/session.ts";
import { addClaudeSession, addOpenClawSession, type Home } from "./home.ts";
import { put } from "./surroundings.ts";

export type SidecarScene = { home: Home; path: string; sessionId: string; stem: string; archives: string };

/** A session in a home of one bot, without sidecars yet. `stem`: what the names of those begin with. */
export function addSession(home: Home, dialect: "claude-code" | "openclaw"): SidecarScene {
  const isClaude = dialect === "claude-code";
  const { path, sessionId } = isClaude ? addClaudeSession(home) : addOpenClawSession(home);
  const stem = path.replace(/\.jsonl$/, "");
  return { home, path, sessionId, stem, archives: join(isClaude ? home.claude : home.openclaw, "session-archives") };
}

/** Gives it what its program gives to sessions. */
export function addSidecars({ stem, path, sessionId, home }: SidecarScene): void {
  if (path.startsWith(home.claude)) {
    put(join(stem, "subagents", "agent-a.jsonl"), '{"agent":"a"}\n', 0o600);
    put(join(stem, "tool-results", "one.txt"), "one", 0o640);
    put(join(stem, "tool-results", "none.txt"), "", 0o600);
    mkdirSync(join(stem, "remote-agents"), { mode: 0o750 });
    symlinkSync("one.txt", join(stem, "tool-results", "link"));
    datesBelow(stem);
    return;
  }
  const runtimeFile = put(
    join(home.openclaw, "traces", `${sessionId}.jsonl`),
    `${JSON.stringify({ traceSchema: "openclaw-trajectory", sessionId })}\n`,
  );
  put(`${stem}.trajectory.jsonl`, "{}\n", 0o600);
  const pointer = { traceSchema: "openclaw-trajectory-pointer", schemaVersion: 1, sessionId, runtimeFile };
  put(`${stem}.trajectory-path.json`, JSON.stringify(pointer), 0o600);
}

/** Gives all of a folder, and itself, times of their own, whole to the microsecond: finer ones are not kept. */
export function datesBelow(folder: string): void {
  const names = (readdirSync(folder, { recursive: true }) as string[]).sort();
  for (const [index, name] of ["", ...names].entries()) {
    const seconds = 1_770_000_000 + index * 1000.001_234;
    lutimesSync(join(folder, name), seconds, seconds);
  }
}

/** What the executors of a run work with, and the home as it is now. */
export async function toolsFor(home: Home, runId: string, disk: Disk = openDisk()): Promise<Tools> {
  const surroundings = {
    env: { PATH: process.env.PATH },
    homeDirectory: home.root,
    uid: process.geteuid?.() ?? 0,
    cwd: home.root,
    systemDirectory: join(home.root, "etc"),
  };
  const flags = { openclawHome: home.openclaw, claudeHome: home.claude, gatewayLog: [home.log], stateDir: home.state };
  const settings = await loadSettings(flags, surroundings);
  const [prospect] = await lookForAll(settings, surroundings);
  if (!prospect || "failure" in prospect) throw new Error("the scratch home is no installation");
  return {
    ...{ disk, settings, runId, installation: prospect.installation, journal: openJournal(disk, home.state, runId) },
    backupsOf: () => [],
    ...{ command: "archive", foreignPids: false, signal: new AbortController().signal, env: surroundings.env },
  };
}

/**
 * A run that archives a session with its sidecars and, if `removes`, takes both away. Undefined when it is not there.
 *
 * @param between what somebody does once all is archived
 */
export async function archiveSession(
  { home, path }: SidecarScene,
  options: { runId?: string; disk?: Disk; removes?: boolean; between?: () => void } = {},
): Promise<JobOutcome | undefined> {
  const tools = await toolsFor(home, options.runId ?? "run", options.disk);
  await recoverSetAside(tools);
  const { installation } = await toolsFor(home, options.runId ?? "run", options.disk);
  const transcript = installation.transcripts.find((one) => one.path === path);
  if (!transcript) return undefined;
  const { between, removes = true } = options;
  if (between) {
    const { journal } = tools;
    tools.journal = {
      write(event, facts = {}) {
        journal.write(event, facts);
        if (event === "end" && facts.kind === "archive-transcript") between();
      },
    };
  }
  const archive = { kind: "archive-transcript", transcript, reason: "idle", purpose: "remove" } as const;
  const job: Job = {
    ...{ transcript, findings: [], force: false, prunes: [], needsRestart: false },
    steps: [
      { ...archive, withSidecars: true },
      ...(removes ? [{ kind: "remove-transcript" as const, transcript }] : []),
    ],
  };
  for await (const outcome of applyPlan({ jobs: [job], spared: [] }, tools)) return outcome;
  return undefined;
}

/** Puts back what a run did. */
export async function undoSession(
  home: Home,
  runId = "run",
  disk?: Disk,
  signal = new AbortController().signal,
): Promise<UndoOutcome[]> {
  const tools = { ...(await toolsFor(home, `undo-of-${runId}`, disk)), signal };
  await recoverSetAside(tools);
  const events = readJournal(home.state);
  const asked = { runId, history: historyOf(events, runId), inUse: () => undefined };
  return putBackSessions(planUndo(events, runId)?.sessions ?? [], asked, tools);
}

/** The records of a session's archives, oldest first. */
export function recordsOf({ archives, sessionId }: SidecarScene): CatalogRecord[] {
  return readCatalog(archives).filter((record) => record.sessionId === sessionId);
}

/** Everything below a folder: kind, mode, time and content. */
export function treeOf(folder: string): Record<string, string> {
  const names = (readdirSync(folder, { recursive: true }) as string[]).sort();
  return Object.fromEntries(
    names.map((name) => {
      const path = join(folder, name);
      const stat = lstatSync(path);
      const mode = stat.mode.toString(8);
      const time = stat.mtimeMs.toFixed(3);
      if (stat.isSymbolicLink()) return [name, `${mode} ${time} -> ${readlinkSync(path)}`];
      return [name, stat.isFile() ? `${mode} ${time} ${readFileSync(path).toString("base64")}` : `${mode} ${time}`];
    }),
  );
}

/** The same of the sessions of a home, without the folders in which they lie: their times are no part of a session. */
export function sessionsTree({ home }: Pick<SidecarScene, "home">): Record<string, string> {
  const trees = ["projects", "agents", "traces"].flatMap((name) =>
    [home.claude, home.openclaw].flatMap((root) => {
      try {
        return Object.entries(treeOf(join(root, name))).map(([below, what]) => [join(name, below), what] as const);
      } catch {
        return [];
      }
    }),
  );
  const places = /^(projects\/[^/]+|agents\/[^/]+(\/sessions)?)$/;
  return Object.fromEntries(trees.filter(([name]) => !places.test(name)));
}

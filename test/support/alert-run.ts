import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { type AlertState, alertStatePathOf, readAlertState } from "../../src/alert/state.ts";
import { loadSettings } from "../../src/config/load.ts";
import type { Settings } from "../../src/config/settings.ts";
import { openDisk } from "../../src/disk/disk.ts";
import {
  beginReport,
  finishReport,
  type InstallationReport,
  type ReportDocument,
  type ReportedAction,
  type ReportedFinding,
} from "../../src/report/document.ts";
import { sendAlerts } from "../../src/run/alerts.ts";
import type { Prospect } from "../../src/run/prospects.ts";
import type { Request } from "../../src/run/run.ts";
import { scratchSurroundings } from "./surroundings.ts";

/** What an alert is made of, without a run: the findings and actions are made up, what is remembered and sent is real. */
type Told = { report: ReportDocument; waiting: number; warnings: string[] };

export type AlertHost = {
  folder: string;
  state: () => AlertState;
  /** the state file as it stands; undefined: there is none */
  stateText: () => string | undefined;
  tell: (
    installation: Partial<InstallationReport>,
    options?: {
      command?: string;
      notify?: Partial<Settings["notify"]>;
      request?: Partial<Request>;
      signal?: AbortSignal;
    },
  ) => Promise<Told>;
};

/** A host that tells its alerts as `notify` says. */
export function anAlertHost(notify: Partial<Settings["notify"]>): AlertHost {
  const folder = mkdtempSync(join(tmpdir(), "keeper-alerts-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const stateDirectory = join(folder, "state");
  const path = alertStatePathOf(stateDirectory);
  return {
    folder,
    state: () => readAlertState(path),
    stateText: () => (existsSync(path) ? readFileSync(path, "utf8") : undefined),
    async tell(installation, options = {}) {
      const { command = "rotate", signal = new AbortController().signal } = options;
      const surroundings = scratchSurroundings({ PATH: process.env.PATH });
      const settings = await loadSettings({}, surroundings);
      Object.assign(settings.notify, notify, options.notify);
      const own = { name: "jarvis", era: null, dialects: [], findings: [], actions: [], spared: [], ...installation };
      const report = finishReport(beginReport(command, "0.0.0", false), [own]);
      const warnings: string[] = [];
      const request = { command, flags: {}, sessions: [], errorText: null, cron: false, ...options.request } as unknown;
      const waiting = await sendAlerts(report, {
        ...{ request: request as Request, settings, stateDirectory, disk: openDisk() },
        world: { surroundings, version: "0.0.0", signal },
        ...{ signal, warn: (text: string) => warnings.push(text), prospects: [aProspect(folder)] },
      });
      return { report, waiting, warnings };
    },
  };
}

/** One that was looked up; of it only its homes matter. */
function aProspect(home: string): Prospect {
  const installation = { name: "jarvis", openclaw: { home }, claude: null, folders: [], transcripts: [] };
  return { name: "jarvis", installation, sharedLogs: new Map() } as unknown as Prospect;
}

export function aFinding(path: string, more: Partial<ReportedFinding> = {}): ReportedFinding {
  return {
    ...{ kind: "orphaned-result", severity: "error", message: "a result has no call", resolved: false, path },
    ...{ sessionId: "s-1", sessionKey: "agent:main:telegram:direct:1000200030", evidence: { repair: "remove" } },
    ...more,
  };
}

export function anAction(kind: ReportedAction["kind"], more: Partial<ReportedAction> = {}): ReportedAction {
  return { kind, message: `${kind} it`, because: ["orphaned-result"], result: "done", ...more };
}

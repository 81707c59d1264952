import type { JobEnd } from "../apply/apply.ts";
import type { Settings } from "../config/settings.ts";
import type { Disk } from "../disk/disk.ts";
import type { Clocks } from "../host/host.ts";
import type { Finding } from "../inspect/finding.ts";
import type { SharedLogs } from "../inspect/shared-logs.ts";
import type { Installation } from "../installation/installation.ts";
import type { Plan } from "../plan/plan.ts";
import type { InstallationReport } from "../report/document.ts";
import type { Cursors } from "../state/cursors.ts";
import type { InstallationState } from "../state/state.ts";
import type { Request, World } from "./run.ts";

/** What a run on one installation is given. */
export type DutyContext = {
  request: Request;
  world: World;
  settings: Settings;
  runId: string;
  /** log sources that more than one installation reads */
  sharedLogs: SharedLogs;
  /** another disk than the real one: for tests of what happens when it fails */
  disk?: Disk;
};

/** What was seen and decided, and what was remembered from before. */
type Look = {
  installation: Installation;
  findings: Finding[];
  plan: Plan;
  foreignPids: boolean;
  state: InstallationState;
  clocks: Clocks;
  /** there is something to do now */
  hasWork: boolean;
  /** a restart that is due may be done in this run */
  mayRestart: boolean;
  /** what the next run has to know */
  remember: (state: InstallationState, done: readonly JobEnd[], report: DutyReport) => InstallationState;
  /** folders in which archives that are too many may go in this run, but for some that were told of; absent: none */
  retention?: { folders: readonly string[]; distrusted: ReadonlySet<string> };
  /** absent: no transcript was looked at */
  cursors?: Cursors;
  /** the files as they were read, to notice that another run wrote them meanwhile */
  before: { stateText: string; cursorsText: string };
};

export type DutyReport = Pick<
  InstallationReport,
  "findings" | "actions" | "spared" | "failure" | "undo" | "status" | "checks"
>;

/** What a command does with one installation: it looks and decides, and changes nothing. */
export type Duty = (installation: Installation, statePath: string, context: DutyContext) => Promise<Look>;

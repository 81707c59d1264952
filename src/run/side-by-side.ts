import { setMaxListeners } from "node:events";
import { availableParallelism } from "node:os";
import { homesOf } from "../installation/discover.ts";
import { during } from "../progress.ts";
import type { InstallationReport, ReportedFailure } from "../report/document.ts";
import { type Account, foreignOwnerOf, runAsOwner } from "./as-owner.ts";
import { blankReport } from "./blank-report.ts";
import type { DutyContext } from "./duty.ts";
import { lookAfter } from "./look-after.ts";
import { describeFailure, type Prospect } from "./prospects.ts";
import { refresh } from "./refresh.ts";
import { forAccount } from "./state-directory.ts";

/** What a run is about, whichever installation it comes to. */
export type RunContext = Pick<DutyContext, "request" | "world" | "settings" | "runId">;

/** An installation that was found, and its place among all. `account`: whose it is, where that is not who we were. */
export type Charge = { index: number; prospect: Extract<Prospect, { installation: object }>; account?: Account };

/** Hears what became of the installation at a place. */
export type OnReport = (index: number, report: InstallationReport) => void;

/**
 * Looks after installations side by side, as many at once as there are cores; each fails on its own. As root, those of each
 * other user are done by one child process as him.
 *
 * @returns what became of each, in their order
 */
export async function lookAfterAll(prospects: readonly Prospect[], context: RunContext): Promise<InstallationReport[]> {
  const reports = prospects.map(blankReport);
  const onReport: OnReport = (index, report) => {
    reports[index] = report;
  };
  const own: Charge[] = [];
  const owners = new Map<string, Charge[]>();
  for (const [index, prospect] of prospects.entries()) {
    if ("failure" in prospect) continue;
    try {
      const account = foreignOwnerOf(prospect.installation);
      if (!account) own.push({ index, prospect });
      else {
        const name = `${account.uid}:${account.gid}`;
        owners.set(name, [...(owners.get(name) ?? []), { index, prospect, account }]);
      }
    } catch (error) {
      onReport(index, { ...blankReport(prospect), failure: describeFailure(error) });
    }
  }
  const cores = availableParallelism();
  const chains = chainsOf(own);
  const share = Math.max(1, Math.floor(cores / (chains.length + owners.size)));
  await sideBySide(
    [
      ...chains.map((chain) => () => lookAfterChain(chain, context, onReport)),
      ...[...owners.values()].map(
        (charges) => () => during("wait-for-owner", undefined, () => runAsOwner(charges, context, share, onReport)),
      ),
    ],
    cores,
    context.world.signal,
  );
  return reports;
}

/** The same for installations of who we are by now: at most `limit` of them at once. */
export async function lookAfterCharges(
  charges: readonly Charge[],
  context: RunContext,
  limit: number,
  onReport: OnReport,
): Promise<void> {
  const chains = chainsOf(charges);
  await sideBySide(
    chains.map((chain) => () => lookAfterChain(chain, context, onReport)),
    limit,
    context.world.signal,
  );
}

async function lookAfterChain(chain: readonly Charge[], context: RunContext, onReport: OnReport): Promise<void> {
  for (const charge of chain) onReport(charge.index, await handle(charge, context));
}

async function handle({ prospect, account }: Charge, context: RunContext): Promise<InstallationReport> {
  const base = blankReport(prospect);
  if (context.world.signal.aborted) return { ...base, failure: STOPPED };
  const { installation, sharedLogs } = prospect;
  try {
    if (!account) return { ...base, ...(await lookAfter(installation, { ...context, sharedLogs })) };
    const duty = forAccount(account, { ...context, sharedLogs });
    // what root has seen, its owner may not be able to read
    await refresh(installation, duty, true);
    return { ...base, ...(await lookAfter(installation, duty)) };
  } catch (error) {
    return { ...base, failure: describeFailure(error) };
  }
}

const STOPPED: ReportedFailure = {
  code: "stopped",
  message: "the run was stopped before it came to this installation",
  hint: "nothing of it was changed; the next run looks after it",
};

/** Those with a home, or a restart command, in common form one chain, in their order: one run lock and one gateway is for both. */
function chainsOf(charges: readonly Charge[]): Charge[][] {
  let chains: { names: string[]; members: Charge[] }[] = [];
  for (const charge of charges) {
    const { installation } = charge.prospect;
    const { restart } = installation.settings.gateway;
    const names = [...homesOf(installation), ...(restart ? [restart.join("\0")] : [])];
    const joined = chains.filter((chain) => chain.names.some((name) => names.includes(name)));
    chains = chains.filter((chain) => !joined.includes(chain));
    chains.push({
      names: [...joined.flatMap((chain) => chain.names), ...names],
      members: [...joined.flatMap(({ members }) => members), charge].toSorted((a, b) => a.index - b.index),
    });
  }
  return chains.map(({ members }) => members);
}

/** Begins errands in their order, at most so many at once. None of them may throw. */
async function sideBySide(
  errands: readonly (() => Promise<void>)[],
  limit: number,
  signal: AbortSignal,
): Promise<void> {
  setMaxListeners(0, signal); // all of them listen; more than ten would be taken for a leak
  const waiting = errands.values(); // one for all lanes
  const lane = async () => {
    for (const errand of waiting) await errand();
  };
  await Promise.all(Array.from({ length: Math.min(limit, errands.length) }, lane));
}

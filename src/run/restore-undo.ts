import { sep } from "node:path";
import { recoverSetAside } from "../apply/recover.ts";
import type { Tools } from "../apply/tools.ts";
import type { Disk } from "../disk/disk.ts";
import { openDisk } from "../disk/disk.ts";
import { lookAt } from "../disk/fingerprint.ts";
import { readClocks } from "../host/host.ts";
import { useProbe } from "../inspect/in-use.ts";
import { areForeign } from "../inspect/surroundings.ts";
import { homesOf } from "../installation/discover.ts";
import { findGateway } from "../installation/gateway.ts";
import type { Installation } from "../installation/installation.ts";
import { acquireRunLock } from "../locks/run-lock.ts";
import { reportUndo } from "../report/undo.ts";
import { brakeReason } from "../state/brake.ts";
import { type JournalEvent, openJournal, readJournal } from "../state/journal.ts";
import { readState, statePathOf } from "../state/state.ts";
import { historyOf } from "../undo/history.ts";
import { pathsOf, planUndo, recentRuns, registriesOf, type UndoPlan, type UndoSession } from "../undo/plan.ts";
import { putBackSessions } from "../undo/put-back.ts";
import { lookerAtEntries } from "../undo/registry.ts";
import { type Asked, lookAtSession, type UndoOutcome } from "../undo/session.ts";
import { lookerAtTranscripts } from "../undo/transcript.ts";
import type { DutyContext, DutyReport } from "./duty.ts";
import { refresh } from "./refresh.ts";
import type { UndoRequest } from "./restore.ts";
import { stateDirectoryOf } from "./state-directory.ts";

/**
 * Puts back what a run changed in one installation, where nothing has changed since. A run of its own: it takes the run lock
 * and tells the journal, unless there is nothing to put back.
 */
export async function undoRun(
  installation: Installation,
  asked: UndoRequest,
  context: DutyContext,
): Promise<DutyReport> {
  const { request, world, settings } = context;
  const stateDirectory = stateDirectoryOf(settings, world.surroundings);
  const first = readPlan(installation, asked.runId, stateDirectory);
  if (!first.plan || first.plan.undoes !== undefined) return { ...NOTHING, undo: tellOf(first, asked.runId) };
  const looking = { installation, foreignPids: areForeign(installation), signal: world.signal };
  const brake = brakeOf(installation, stateDirectory);
  const inUse = await probe(looking.installation, { foreignPids: looking.foreignPids, brake }, asked, context);
  const seen: UndoOutcome[] = [];
  const given: Asked = {
    ...{ runId: asked.runId, history: historyOf(first.events, asked.runId), inUse, planned: new Set() },
    lookAtEntry: lookerAtEntries(looking),
    lookAtTranscript: lookerAtTranscripts(looking),
  };
  for (const session of first.own) seen.push(...(await lookAtSession(session, given, looking)));
  const homes = homesOf(installation);
  const hasWork = seen.some(({ result }) => result === "planned") || installation.leftBehind.length > 0;
  if (request.dryRun || homes.length === 0 || !hasWork)
    return { ...reportUndo(seen, first.plan.lasting), undo: tellOf(first, asked.runId) };
  const disk = context.disk ?? openDisk();
  const stop = new AbortController();
  const onCompromised = () => stop.abort(new Error("the run lock was lost"));
  const options = { waitMs: request.waitMs, signal: world.signal, onCompromised };
  const lock = await acquireRunLock(disk, stateDirectory, homes, options);
  try {
    const signal = AbortSignal.any([world.signal, stop.signal]);
    return await putBack(installation, asked, { ...context, world: { ...world, signal } }, disk, stateDirectory);
  } finally {
    await lock.release();
  }
}

/** The part that writes. Looks at everything again: it may have changed while the lock was waited for. */
async function putBack(
  installation: Installation,
  asked: UndoRequest,
  context: DutyContext,
  disk: Disk,
  stateDirectory: string,
): Promise<DutyReport> {
  const { request, world, settings, runId } = context;
  const foreignPids = areForeign(installation);
  const brake = brakeOf(installation, stateDirectory);
  const journal = openJournal(disk, stateDirectory, runId);
  await refresh(installation, context);
  const tools: Tools = {
    ...{ disk, journal, settings, runId, foreignPids, brake, installation },
    backupsOf: () => [],
    command: request.command,
    signal: world.signal,
    env: world.surroundings.env,
  };
  const problems = await recoverSetAside(tools);
  if (installation.leftBehind.length > 0) await refresh(installation, context);
  installation.unreadable.push(...problems);
  const now = readPlan(installation, asked.runId, stateDirectory);
  const { name } = installation;
  journal.write("run-begin", { command: "restore undo", undoes: asked.runId, installation: name });
  const inUse = await probe(installation, { foreignPids, brake }, asked, context);
  const given = { runId: asked.runId, history: historyOf(now.events, asked.runId), inUse };
  const outcomes = await putBackSessions(now.own, given, tools);
  const done = outcomes.filter(({ result }) => result === "done").length;
  journal.write("run-end", { undoes: asked.runId, installation: name, done });
  return { ...reportUndo(outcomes, now.plan?.lasting ?? []), undo: tellOf(now, asked.runId) };
}

type Read = { events: JournalEvent[]; plan: UndoPlan | undefined; own: UndoSession[] };

/**
 * `own`: sessions that lie in the homes of this installation, and whose entries are in its registries: one of another bot in the
 * same Claude Code home is put back by the rules of that one's release.
 */
function readPlan(installation: Installation, runId: string, stateDirectory: string): Read {
  const events = readJournal(stateDirectory);
  const plan = planUndo(events, runId);
  const homes = homesOf(installation);
  const claimed = new Set(installation.claimedElsewhere);
  const isOwn = (path: string) => !claimed.has(path) && homes.some((home) => path.startsWith(home + sep));
  const registries = new Set(installation.registries.map((registry) => registry.path));
  const isOwnRegistry = (path: string) => registries.has(path) || isOwn(path);
  const own = (plan?.sessions ?? []).filter(
    (session) => [...pathsOf(session)].every(isOwn) && registriesOf(session).every(isOwnRegistry),
  );
  return { events, plan, own };
}

const NOTHING: DutyReport = { findings: [], actions: [], spared: [] };

function tellOf({ events, plan, own }: Read, runId: string): NonNullable<DutyReport["undo"]> {
  const others = (plan?.sessions ?? []).filter((session) => !own.includes(session));
  return {
    isKnown: plan !== undefined && events.some((event) => event.runId === runId),
    ...(plan?.undoes === undefined ? {} : { undoes: plan.undoes }),
    recent: recentRuns(events),
    elsewhere: others.flatMap((session) => [...pathsOf(session)]),
  };
}

function brakeOf(installation: Installation, stateDirectory: string): string | undefined {
  const { state } = readState(statePathOf(stateDirectory, homesOf(installation)));
  return brakeReason(state.clocks, readClocks());
}

async function probe(
  installation: Installation,
  { foreignPids, brake }: { foreignPids: boolean; brake: string | undefined },
  { mayDisturb }: UndoRequest,
  { settings }: DutyContext,
): Promise<(path: string) => string | undefined> {
  if (mayDisturb) return () => undefined;
  const gateway = installation.openclaw ? await findGateway(installation.openclaw, foreignPids) : null;
  const use = useProbe(installation, gateway, foreignPids, { settings, nowMs: Date.now(), brake });
  return (path) => {
    const transcript = installation.transcripts.find((one) => one.path === path);
    const seen = transcript && lookAt(path);
    return seen ? use({ ...transcript, fingerprint: seen.fingerprint }) : undefined;
  };
}

import { channelsOf, type Delivery, deliver, nameOf } from "../alert/deliver.ts";
import type { Observation, Transition } from "../alert/incident.ts";
import { composeMessage, type Message } from "../alert/message.ts";
import { observe, observeFailure, observeRun, type Place } from "../alert/observe.ts";
import { enqueue, settleDelivered, takeWaiting } from "../alert/queue.ts";
import { settleIncidents } from "../alert/settle.ts";
import type { AlertState, Channel, Waiting } from "../alert/state.ts";
import * as remembered from "../alert/state.ts";
import { nameForPath } from "../disk/name-for-path.ts";
import { describeError } from "../errors.ts";
import { homesOf } from "../installation/discover.ts";
import { holdFile } from "../locks/file-lock.ts";
import { wordDropped, wordNotified, wordUndelivered } from "../report/alert-wording.ts";
import type { ReportDocument } from "../report/document.ts";
import { placesIn } from "../report/places.ts";
import { openJournal } from "../state/journal.ts";
import type { Ending } from "./announce.ts";

/**
 * Tells of what broke, of what was done about it and of what is over: each incident once. What cannot be delivered waits for the
 * next run, however little that one finds. What was told, or waits, becomes an action of its installation.
 *
 * @returns how many alerts wait now
 */
export async function sendAlerts(report: ReportDocument, ending: Ending): Promise<number> {
  const { disk, stateDirectory, settings, signal } = ending;
  const path = remembered.alertStatePathOf(stateDirectory);
  const { on, repeatAfter } = settings.notify;
  const channels = channelsOf(settings.notify);
  const nowMs = Date.now();
  const observations = observeAll(report, ending);
  const settle = (state: AlertState) => {
    const { command, runId } = report;
    const settled = settleIncidents(state.incidents, observations, { command, runId, nowMs, on, repeatAfter });
    const messages = compose(settled.transitions, report, ending, nowMs);
    return enqueue({ ...state, incidents: settled.incidents }, messages, channels, nowMs);
  };
  const before = remembered.readAlertState(path);
  if (before.waiting.length === 0 && isAlike(settle(before), before)) return 0;
  let [state, taken]: [AlertState, Waiting[]] = [before, []];
  const take = () => {
    const read = remembered.readAlertState(path);
    const queued = settle(read);
    // queued before anything is sent, so that a kill in between loses nothing
    ({ state, taken } = signal?.aborted ? { state: queued, taken: [] } : takeWaiting(queued, nowMs));
    return isAlike(state, read);
  };
  try {
    await holdFile(disk, stateDirectory, path, () => take() || remembered.writeAlertState(disk, path, state));
  } catch (error) {
    if (state === before) take();
    ending.warn(`what alerts tell cannot be remembered (${describeError(error)}), so the next run may tell it again`);
  }
  const { env } = ending.world.surroundings;
  const delivery = await deliver(withDropped(taken, state.dropped), settings.notify, {
    env,
    ...(signal ? { signal } : {}),
  });
  const warnings = warningsDue(state.warnedAt, delivery, ending, nowMs);
  const keep = () => {
    const read = remembered.readAlertState(path);
    state = { ...settleDelivered(read, taken, delivery.delivered), warnedAt: warnings.warnedAt };
    if (!isAlike(state, read)) remembered.writeAlertState(disk, path, state);
  };
  if (taken.length > 0) await holdFile(disk, stateDirectory, path, keep).catch(() => undefined); // told above, or told twice
  enter(taken, delivery, report, ending);
  for (const reason of warnings.reasons) ending.warn(wordUndelivered(reason, state.waiting.length));
  return state.waiting.length;
}

function observeAll(report: ReportDocument, { request, world, settings, prospects }: Ending): Observation[] {
  const isPartial = world.signal.aborted || request.sessions.length > 0 || request.errorText !== null;
  const facts = { isPartial, on: settings.notify.on };
  return [
    ...report.installations.flatMap((one) => {
      const prospect = prospects.find(({ name }) => name === one.name);
      const found = prospect && "installation" in prospect ? prospect.installation : undefined;
      if (!found) return [observeFailure(one, facts)];
      const place: Place = {
        scope: `homes:${nameForPath(homesOf(found).sort().join("\0"))}`,
        ...(found.folders.length > 0
          ? { looked: new Set(found.transcripts.map((transcript) => transcript.path)) }
          : {}),
      };
      return [observeFailure(one, facts), observe(one, place, facts)];
    }),
    observeRun(report, facts),
  ];
}

function compose(
  transitions: readonly Transition[],
  report: ReportDocument,
  { request }: Ending,
  nowMs: number,
): Message[] {
  const places = placesIn(request.flags);
  const tellers = new Map<string | null, Transition>();
  for (const one of transitions)
    if ((one.state !== "open" || one.kind === "repair") && !tellers.has(one.installation))
      tellers.set(one.installation, one);
  return transitions.map((transition) => {
    const { installation } = transition;
    const isTeller = tellers.get(installation) === transition;
    const beside = transitions.filter((one) => one !== transition && one.installation === installation);
    const others = new Set(beside.flatMap(({ troubles }) => troubles.map(({ subject }) => subject)));
    const own = report.installations.find(({ name }) => name === installation);
    return composeMessage(transition, report, own, { places, nowMs, ...(isTeller ? { others } : {}) });
  });
}

/** The first alert that gets through says that there were others. */
function withDropped(taken: readonly Waiting[], dropped: number): Waiting[] {
  return taken.map((one, index) => {
    if (index > 0 || dropped === 0) return one;
    const { message } = one;
    return { ...one, message: { ...message, text: `${message.text}\n${wordDropped(dropped)}` } };
  });
}

/** From a crontab the same channel is only told of again after a while; what it was told of lately. */
function warningsDue(
  warnedAt: AlertState["warnedAt"],
  { problems }: Delivery,
  { request, settings }: Ending,
  nowMs: number,
): { reasons: string[]; warnedAt: AlertState["warnedAt"] } {
  const { notify } = settings;
  const troubled = Object.entries(problems) as [Channel, string][];
  const isDue = (channel: Channel) =>
    !request.cron || nowMs - (warnedAt[channel] ?? Number.NEGATIVE_INFINITY) >= notify.repeatAfter;
  const due = troubled.filter(([channel]) => isDue(channel));
  const kept = troubled.map(([channel]) => [channel, isDue(channel) ? nowMs : warnedAt[channel]]);
  return {
    reasons: due.map(([channel, problem]) => `${nameOf(channel, notify)} ${problem}`),
    warnedAt: Object.fromEntries(kept),
  };
}

/** What was told, and what waits, as actions of their installations, and in the journal. */
function enter(
  taken: readonly Waiting[],
  { delivered, problems }: Delivery,
  report: ReportDocument,
  ending: Ending,
): void {
  const { notify } = ending.settings;
  for (const { id, message, to } of taken) {
    const missing = to.filter((channel) => !delivered.get(id)?.has(channel));
    const result = missing.length === 0 ? "done" : "busy";
    const reasons = missing.map(
      (channel) => `${nameOf(channel, notify)} ${problems[channel] ?? "was not asked any more"}`,
    );
    const { incident, kind, state } = message;
    const detail = { incident, about: kind, state, to: to.map((channel) => nameOf(channel, notify)) };
    report.installations
      .find(({ name }) => name === message.installation)
      ?.actions.push({
        ...{ kind: "notify", message: wordNotified(message.title, detail.to, reasons) },
        ...{ because: [], result, detail },
      });
    try {
      openJournal(ending.disk, ending.stateDirectory, report.runId).write("notify", { result, ...detail });
    } catch {
      // it was told all the same
    }
  }
}

function isAlike(one: AlertState, other: AlertState): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

import type { Incident, IncidentKind, KnownTrouble, Observation, Transition, Trouble } from "./incident.ts";

/** `on`: which kinds are told. `repeatAfter`: milliseconds until what is still there is told again. */
export type SettlePolicy = {
  command: string;
  runId: string;
  nowMs: number;
  on: readonly string[];
  repeatAfter: number;
};

/** What nobody has seen for so long is forgotten: the homes may have moved. */
const FORGOTTEN_AFTER_MS = 30 * 86_400_000;

/**
 * Holds what a run saw against the incidents that are known: what is new is told once, what is still there again after a
 * while, what is over once more; what broke and was mended in the same run is told as one. Pure.
 */
export function settleIncidents(
  known: readonly Incident[],
  observations: readonly Observation[],
  policy: SettlePolicy,
): { incidents: Incident[]; transitions: Transition[] } {
  let incidents = known.filter(({ seenAt }) => policy.nowMs - seenAt < FORGOTTEN_AFTER_MS);
  const transitions: Transition[] = [];
  for (const observation of observations) {
    const mine = incidents.filter(({ scope }) => scope === observation.scope);
    const others = incidents.filter(({ scope }) => scope !== observation.scope);
    const settled = settleOne(mine, observation, policy);
    incidents = [...others, ...settled.incidents];
    transitions.push(...settled.transitions);
  }
  return { incidents, transitions: transitions.filter(({ kind }) => policy.on.includes(kind)) };
}

function settleOne(
  known: readonly Incident[],
  observation: Observation,
  policy: SettlePolicy,
): { incidents: Incident[]; transitions: Transition[] } {
  const incidents: Incident[] = [];
  const transitions: Transition[] = [];
  for (const incident of known) {
    const { next, transition } = follow(incident, observation, policy);
    if (next) incidents.push(next);
    if (transition) transitions.push(transition);
  }
  const knownTroubles = known.flatMap((incident) => incident.troubles.filter(({ isOver }) => !isOver));
  const isNew = (trouble: Trouble) => !knownTroubles.some((one) => isSame(one, trouble));
  for (const kind of ["corruption", "failure"] as const) {
    const fresh = observation.open.filter((trouble) => trouble.kind === kind && isNew(trouble));
    if (fresh.length === 0 || !policy.on.includes(kind)) continue; // what is not told is not remembered either
    const incident = begin(kind, fresh, observation, policy);
    incidents.push(incident);
    transitions.push(transitionOf(incident, "open", fresh));
  }
  const mended = observation.mended.filter(isNew);
  const kind = mended.length > 0 && policy.on.includes("corruption") ? "corruption" : "repair";
  // what ends an incident is told with it
  const isTold = transitions.some(({ state }) => state === "over") && mended.length === 0;
  if (mended.length > 0 || (observation.hasRepaired && !isTold))
    transitions.push(transitionOf(begin("corruption", mended, observation, policy), "mended", mended, kind));
  return { incidents, transitions };
}

/** What has become of a known incident. Without `next` it is over. */
function follow(
  incident: Incident,
  { open, mended, wouldFind }: Observation,
  { command, nowMs, repeatAfter }: SettlePolicy,
): { next?: Incident; transition?: Transition } {
  const troubles = incident.troubles.map((trouble): KnownTrouble => {
    const seen = open.find((one) => isSame(one, trouble));
    const seenBy = trouble.seenBy.includes(command) ? trouble.seenBy : [...trouble.seenBy, command];
    if (seen) {
      const { isOver: _, ...again } = trouble;
      return { ...again, kinds: [...new Set([...trouble.kinds, ...seen.kinds])], seenBy };
    }
    if (trouble.isOver || mended.some((one) => isSame(one, trouble))) return { ...trouble, isOver: true };
    const isGone = trouble.seenBy.includes(command) && wouldFind(trouble);
    return isGone ? { ...trouble, isOver: true } : trouble;
  });
  if (troubles.every(({ isOver }) => isOver)) return { transition: transitionOf(incident, "over", troubles) };
  const left = troubles.filter(({ isOver }) => !isOver);
  const isSeen = left.some((trouble) => open.some((one) => isSame(one, trouble)));
  const isDue = isSeen && nowMs - incident.toldAt >= repeatAfter;
  // the time of an incident that is simply there is not kept: a run that finds nothing new writes nothing
  const isStale = isSeen && nowMs - incident.seenAt >= FORGOTTEN_AFTER_MS / 2;
  const next = {
    ...incident,
    troubles,
    toldAt: isDue ? nowMs : incident.toldAt,
    seenAt: isDue || isStale ? nowMs : incident.seenAt,
  };
  return isDue ? { next, transition: { ...transitionOf(incident, "open", left), isAgain: true } } : { next };
}

function begin(
  kind: Incident["kind"],
  troubles: readonly Trouble[],
  { scope, installation }: Observation,
  { command, runId, nowMs }: SettlePolicy,
): Incident {
  return {
    id: `${runId}/${installation ?? ""}/${kind}`,
    kind,
    scope,
    installation,
    command,
    openedAt: nowMs,
    toldAt: nowMs,
    seenAt: nowMs,
    troubles: troubles.map((trouble) => ({ ...trouble, seenBy: [command] })),
  };
}

function transitionOf(
  { id, kind, scope, installation, openedAt }: Incident,
  state: Transition["state"],
  troubles: readonly Trouble[],
  as: IncidentKind = kind,
): Transition {
  return {
    ...{ kind: as, state, isAgain: false, incidentId: state === "mended" ? `${id}/mended` : id },
    ...{ scope, installation, since: openedAt, troubles: [...troubles] },
  };
}

function isSame(one: Trouble, other: Trouble): boolean {
  return one.kind === other.kind && one.subject === other.subject;
}

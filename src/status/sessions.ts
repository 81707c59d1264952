import type { Settings } from "../config/settings.ts";
import { growthOf } from "../inspect/growth.ts";
import type { UseProbe } from "../inspect/in-use.ts";
import { tokensOf } from "../inspect/token-limits.ts";
import { type Ownership, whoseIs } from "../inspect/whose.ts";
import { type Installation, sessionKeyOf, type Transcript } from "../installation/installation.ts";
import type { History, Point } from "../state/history.ts";
import type { InstallationStatus, SessionStatus } from "./status.ts";

type Context = {
  settings: Settings;
  history: History;
  inUse: (transcripts: readonly Transcript[]) => UseProbe;
  nowMs: number;
  signal: AbortSignal;
};

/** So many are told one by one: those that are nearest to a limit. */
const TOLD = 50;
const DAY_MS = 86_400_000;
/** A shorter span takes a burst for a habit. */
const SHORTEST_SPAN_MS = 6 * 3_600_000;
/** Growth is told as it was of late. */
const LATELY_MS = 7 * DAY_MS;

/** Every session by its size, the fullest with all that is known of them. Reads the ends of transcripts. */
export async function lookAtSessions(
  installation: Installation,
  context: Context,
): Promise<InstallationStatus["sessions"]> {
  const { transcripts } = installation;
  const bytes = transcripts.reduce((sum, { fingerprint }) => sum + fingerprint.sizeBytes, 0);
  const largest = transcripts
    .filter(({ kind }) => kind === "file")
    .toSorted((a, b) => fullness(b, context.settings) - fullness(a, context.settings))
    .slice(0, TOLD);
  const inUse = context.inUse(largest);
  const fullest: SessionStatus[] = [];
  for (const transcript of largest) {
    context.signal.throwIfAborted();
    const used = inUse(transcript);
    fullest.push({ ...(await lookAtSession(transcript, installation, context)), ...(used ? { inUse: used } : {}) });
  }
  return { total: transcripts.length, bytes, fullest };
}

/** By size, or by tokens, where an entry tells them and they are nearer to their limit. */
function fullness({ fingerprint, entries }: Transcript, { rotate, registry }: Settings): number {
  const tokens = entries[0]?.entry.totalTokens ?? 0;
  return Math.max(fingerprint.sizeBytes / rotate.maxSize, tokens / registry.tokens.main[1]);
}

async function lookAtSession(
  transcript: Transcript,
  installation: Installation,
  { settings, history, nowMs }: Context,
): Promise<SessionStatus> {
  const { sessionId, dialect, path, fingerprint, entries } = transcript;
  const [reference] = entries;
  const sessionKey = sessionKeyOf(transcript);
  const owner = await whoseIs(transcript).catch((): Ownership => "unregistered");
  const limitBytes = limitOf(owner, installation, settings);
  const points = history.get(sessionId) ?? [];
  const bytesPerDay = growthIn(points, nowMs) ?? (await growthOf(transcript).catch(() => undefined));
  const left = limitBytes === null ? 0 : limitBytes - fingerprint.sizeBytes;
  const reachesMs = bytesPerDay && bytesPerDay > 0 && left > 0 ? nowMs + (left / bytesPerDay) * DAY_MS : undefined;
  const mainKey = installation.openclaw?.config.mainKey ?? "main";
  const { totalTokens, chatType } = reference?.entry ?? {};
  const counted = sessionKey
    ? await tokensOf(sessionKey, { totalTokens, chatType }, transcript, { registry: settings.registry, mainKey })
    : undefined;
  return {
    sessionId,
    ...(sessionKey ? { sessionKey } : {}),
    ...(reference ? { agent: reference.agent } : {}),
    dialect,
    path,
    owner,
    bytes: fingerprint.sizeBytes,
    limitBytes,
    lastAt: new Date(fingerprint.mtimeMs).toISOString(),
    ...(counted ? { tokens: { count: counted.tokens, warning: counted.warning, critical: counted.critical } } : {}),
    ...(bytesPerDay ? { bytesPerDay: Math.round(bytesPerDay) } : {}),
    ...(reachesMs !== undefined && reachesMs < nowMs + 365 * DAY_MS
      ? { reachesLimitAt: new Date(reachesMs).toISOString() }
      : {}),
    history: points,
  };
}

function limitOf(owner: Ownership, { settings }: Installation, { rotate }: Settings): number | null {
  if (owner !== "personal") return rotate.maxSize;
  return settings.claude && settings.claude.personalSessions !== "ignore" ? settings.claude.personalMaxSize : null;
}

/** Bytes a day since the session last became smaller, of late; undefined when the history does not span some hours. Pure. */
function growthIn(points: readonly Point[], nowMs: number): number | undefined {
  let from = points.length - 1;
  while (from > 0) {
    const [before, here] = [points[from - 1], points[from]];
    if (!before || !here || before.bytes > here.bytes || nowMs - before.at > LATELY_MS) break;
    from -= 1;
  }
  const [first, last] = [points[from], points.at(-1)];
  if (!first || !last || last.at - first.at < SHORTEST_SPAN_MS) return undefined;
  return ((last.bytes - first.bytes) / (nowMs - first.at)) * DAY_MS;
}

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { KeySettings } from "../derive/key.ts";
import { asRow, asRows, asText } from "../dialects/dialect.ts";
import { readGatewayConfig } from "../installation/gateway-config.ts";
import type { Installation } from "../installation/installation.ts";
import { accountsOf, readRouting } from "../routing/routing.ts";
import { UnknownValue } from "../routing/unknown-value.ts";

/** What decides how the gateway of an installation spells the keys of its sessions. */
export async function keySettingsOf({ openclaw }: Installation, env: NodeJS.ProcessEnv): Promise<KeySettings> {
  if (!openclaw) return {};
  const { scope, dmScope, mainKey, path } = openclaw.config;
  const { era, version } = openclaw.era;
  const { root, problem } =
    path === null ? { root: {} } : { problem: undefined, ...(await readGatewayConfig(path, env)) };
  const routing = readRouting(root, { ...(version ? { version } : {}), ...(problem ? { problem } : {}) });
  const channels = new Set([...Object.keys(routing.channels), ...routing.routes.map(({ channel }) => String(channel))]);
  const isBefore2 = /^2026\.1\./.test(version ?? "");
  return {
    ...(scope === "global" || scope === "per-sender" ? { scope } : {}),
    ...(isDmScope(dmScope) ? { dmScope } : {}),
    ...(mainKey === undefined ? {} : { mainKey }),
    severalAccounts: [...channels].filter((channel) => accountsOf(channel, routing).length > 1),
    directWord: isBefore2 ? "dm" : "direct",
    keepsCase: era === "F3a" || era === "F3b",
    links: routing.links,
    heartbeatElsewhere: isHeartbeatElsewhere(root),
    jobTargets: jobTargetsIn(openclaw.home),
    jobsShareKeys: isBefore2,
    keepsBareText: era !== "F1" && era !== "F2",
    isDirectUnknown: problem !== undefined || routing.unknownLink !== undefined || isDirectUnknown(root),
  };
}

function isDmScope(value: string | undefined): value is NonNullable<KeySettings["dmScope"]> {
  return ["main", "per-peer", "per-channel-peer", "per-account-channel-peer"].includes(value ?? "");
}

/** Later releases let a binding say for itself which direct messages share a session. */
function isDirectUnknown(root: unknown): boolean {
  const config = asRow(root);
  const scopes = asRows(config.bindings).map(({ session }) => asRow(session).dmScope);
  return asRow(config.session).dmScope instanceof UnknownValue || scopes.some((scope) => scope !== undefined);
}

/** Every agent's heartbeat may have a session of its own. */
function isHeartbeatElsewhere(root: unknown): boolean {
  const agents = asRow(asRow(root).agents);
  const all = [asRow(agents.defaults), ...asRows(agents.list), ...Object.values(asRow(agents.entries)).map(asRow)];
  return all.some(({ heartbeat }) => {
    const { session = "main", isolatedSession = false } = asRow(heartbeat);
    return session !== "main" || isolatedSession !== false;
  });
}

/** Of jobs that are gone by now, records of their runs tell that there were such. Later releases keep jobs elsewhere. */
function jobTargetsIn(home: string): Map<string, string> {
  const targets = new Map<string, string>();
  for (const name of namesIn(join(home, "cron", "runs"))) {
    const jobId = /^([^.].*)\.jsonl$/.exec(name)?.[1];
    if (jobId !== undefined) targets.set(jobId.toLowerCase(), "isolated");
  }
  for (const { id, sessionTarget } of asRows(jobsOf(join(home, "cron", "jobs.json"))))
    if (asText(id)) targets.set(String(id).toLowerCase(), asText(sessionTarget) ?? "isolated");
  return targets;
}

function jobsOf(path: string): unknown {
  try {
    return asRow(JSON.parse(readFileSync(path, "utf8"))).jobs;
  } catch {
    return [];
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

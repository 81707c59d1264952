import type { Settings } from "../config/settings.ts";
import { readLogs } from "../gateway-log/read-logs.ts";
import { customSignature } from "../gateway-log/signatures.ts";
import type { Installation } from "../installation/installation.ts";
import type { LogStatus } from "./status.ts";

const WINDOW_MS = 6 * 3_600_000;

/** How often lines of each signature came up in the logs in the last hours, whether or not somebody dealt with them since. */
export async function lookAtLog(
  installation: Installation,
  context: { settings: Settings; nowMs: number; env: NodeJS.ProcessEnv; signal: AbortSignal },
): Promise<LogStatus> {
  const { signatures, ignore } = context.settings.corruption;
  const { matches } = await readLogs(
    installation.logs,
    {},
    {
      now: context.nowMs,
      windowMs: WINDOW_MS,
      signatures: signatures.map(customSignature),
      ignore: ignore.map((pattern) => new RegExp(pattern)),
      signal: context.signal,
      env: context.env,
    },
  );
  const groups = new Map<string, LogStatus["signatures"][number]>();
  for (const { kind, severity, signature, at } of matches) {
    const name = `${kind} ${signature}`;
    const lines = (groups.get(name)?.lines ?? 0) + 1;
    groups.set(name, { kind, severity, signature, lines, lastAt: new Date(at).toISOString() }); // oldest first
  }
  return { windowMs: WINDOW_MS, sources: installation.logs.length, signatures: [...groups.values()] };
}

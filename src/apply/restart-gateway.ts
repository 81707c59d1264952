import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { runCommand } from "../host/command.ts";
import type { Installation } from "../installation/installation.ts";
import { lockRulesOf } from "../installation/lock-rules.ts";
import { listFolder } from "../installation/registries.ts";
import { judgeHere } from "../locks/judge-here.ts";
import { readLock } from "../locks/lock-file.ts";
import type { Outcome } from "./outcome.ts";
import { explainRestart } from "./restart-failure.ts";
import type { Tools } from "./tools.ts";

const POLL_MS = 500;
/** The next run restarts it: whoever asked us to stop asked for that too. */
const STOPPED = "the run was stopped before the restart was done";
const HEALTH_CALL_LIMIT_MS = 30_000;

/**
 * Restarts the gateway with the configured command, after turns that are under way had `restartTimeout` to end, and waits
 * until the health command says that it is well.
 */
export async function restartGateway(tools: Tools): Promise<Outcome> {
  const { gateway } = tools.installation.settings;
  const step = { kind: "restart-gateway" as const };
  if (!gateway.restart)
    return {
      step,
      result: "failed",
      because: "the gateway was not restarted: no restart command is configured",
      detail: {},
    };
  const waitedMs = await waitForTurns(tools, gateway.restartTimeout);
  if (tools.signal.aborted) return { step, result: "busy", because: STOPPED, detail: { waitedMs } };
  const env = withUserBus(tools.env);
  const result = await runCommand(gateway.restart, { timeoutMs: gateway.restartTimeout, env, signal: tools.signal });
  const detail = { command: gateway.restart[0], exitCode: result.status, waitedMs };
  if (result.status === null && tools.signal.aborted) return { step, result: "busy", because: STOPPED, detail };
  if (result.status !== 0)
    return { step, result: "failed", ...explainRestart(result, gateway.restart, gateway.restartTimeout), detail };
  if (!gateway.health)
    return { step, result: "done", because: "no health command is configured, so its health was not checked", detail };
  const isWell = await waitForHealth(gateway.health, gateway.restartTimeout, env, tools.signal);
  if (isWell) return { step, result: "done", detail: { ...detail, healthy: true } };
  const because = `the gateway was restarted, but its health check (${gateway.health[0]}) did not pass within ${gateway.restartTimeout / 1000} s`;
  return {
    step,
    result: "failed",
    because,
    hint: "look at its log; the archived sessions are safe",
    detail: { ...detail, healthy: false },
  };
}

/** A transcript lock of a living owner is somebody in the middle of a turn. */
async function waitForTurns(tools: Tools, limitMs: number): Promise<number> {
  const begin = Date.now();
  while (Date.now() - begin < limitMs && !tools.signal.aborted && hasLiveLock(tools)) await sleep(POLL_MS);
  return Date.now() - begin;
}

function hasLiveLock({ installation, settings, foreignPids, brake }: Tools): boolean {
  const rules = lockRulesOf(installation, settings, { foreignPids, brake });
  return installation.registries.some(({ sessions }) =>
    listFolder(sessions, [] as Installation["unreadable"])
      .filter((name) => name.endsWith(".jsonl.lock"))
      .some((name) => {
        const lock = readLock(join(sessions, name));
        const verdict = lock && judgeHere(lock, rules);
        // of what cannot be told, the owner may live in a container, or have it open
        return verdict?.state === "held" || (verdict?.state === "undecidable" && (foreignPids || verdict.byClock));
      }),
  );
}

async function waitForHealth(
  argv: readonly string[],
  limitMs: number,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<boolean> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const timeoutMs = Math.max(1000, Math.min(HEALTH_CALL_LIMIT_MS, deadline - Date.now()));
    const result = await runCommand(argv, { timeoutMs, env, signal });
    if (result.status === 0 && !/"ok"\s*:\s*false/.test(result.stdout)) return true;
    if (Date.now() + POLL_MS > deadline || signal.aborted || result.failure) return false;
    await sleep(POLL_MS);
  }
}

/** Under cron a user's service manager is there but not announced. */
function withUserBus(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const directory = `/run/user/${process.geteuid?.() ?? 0}`;
  return env.XDG_RUNTIME_DIR || !existsSync(directory) ? env : { ...env, XDG_RUNTIME_DIR: directory };
}

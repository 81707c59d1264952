import { runCommand } from "../host/command.ts";
import { findGateway } from "../installation/gateway.ts";
import { findGatewayCommand, type GatewayCommand } from "../installation/gateway-command.ts";
import type { GatewayRequest } from "../plan/plan.ts";
import { isObject } from "../registry/bindings.ts";
import { describeEntry } from "../registry/read.ts";
import { type RegistryFiles, withRegistryFiles } from "../registry/registry-file.ts";
import { obstaclesTo } from "./entry-obstacle.ts";
import { type EditStep, undoesOf } from "./entry-undo.ts";
import type { Outcome } from "./outcome.ts";
import { backsUp } from "./prepare-edit.ts";
import { backUpRegistry, pruneBackups } from "./registry-backup.ts";
import type { Tools } from "./tools.ts";
import type { UndoData } from "./undo-data.ts";
import { hashOfText } from "./write-registry.ts";

/** How long the gateway may take for an answer, and its command line with it: that alone starts for some seconds. */
const ANSWER_MS = 20_000;
const COMMAND_MS = 60_000;
/** So long a run goes on asking; each time costs a processor some seconds. The rest is for the next run. */
const ASKING_MS = 120_000;
const ASKED_ENOUGH = `the gateway was asked for ${ASKING_MS / 60_000} minutes in this run, and it has other things to do`;

/** What this run knows of asking: since when it asks, and in words why it does so no more. */
type Asking = { since: number; command?: GatewayCommand; over?: string };
const asking = new WeakMap<Tools, Asking>();

/**
 * Has the running gateway change an entry by its own command line, so that it happens in the gateway's own queue. Its registry is
 * copied beside first, where a repair asks for it, and read again afterwards: only what stands there then counts as done.
 */
export async function askGateway(step: EditStep, tools: Tools): Promise<Outcome> {
  const { registryPath: path, entry } = step.entry;
  const detail = { registry: path, sessionKey: entry.key, change: step.change, through: "gateway" };
  const ask = await beginAsking(tools);
  const { command, over } = ask;
  if (!command) return { step, result: "busy", because: over ?? "the gateway cannot be asked", detail };
  const keys = new Set([entry.key]);
  const before = withRegistryFiles([path], keys, (files) => lookBefore(step, files, tools));
  if ("obstacle" in before) return { step, ...before.obstacle, detail };
  const { backup, undoOf } = before;
  const refused = await call(command, step.edit?.request, tools);
  const after = withRegistryFiles(
    [path],
    keys,
    (files) => files.get(path) && { text: files.get(path)?.textOf(entry.key) },
  );
  if (!after || !isDone(step, after.text)) {
    if (backup) tools.disk.remove(backup);
    if (refused?.isLasting) ask.over = refused.because;
    return { step, result: refused?.isLasting ? "busy" : "failed", ...wordNotDone(refused), detail };
  }
  if (backup) pruneBackups(path, tools);
  return { step, result: "done", undo: undoOf(after.text ?? ""), detail: { ...detail, ...(backup ? { backup } : {}) } };
}

/** What is known before the gateway is asked. `undoOf`: how the entry is put back, by its text afterwards. */
type Before = { backup: string | undefined; undoOf: (now: string) => UndoData };

function lookBefore(
  step: EditStep,
  files: RegistryFiles,
  tools: Tools,
): Before | { obstacle: Pick<Outcome, "result" | "because"> } {
  const { registryPath: path, entry } = step.entry;
  const obstacle = obstaclesTo([step], files).get(step);
  const [file, was] = [files.get(path), files.get(path)?.textOf(entry.key)];
  if (obstacle || !file || was === undefined)
    return { obstacle: obstacle ?? { result: "already-done", because: "the entry is gone" } };
  const nothing = { entries: new Map(), added: new Map() };
  const removed = undoesOf(file, nothing, new Map([[entry.key, step]])).get(entry.key);
  return {
    backup: backsUp(tools) ? backUpRegistry(path, file.pieces(0, file.fingerprint.sizeBytes), tools) : undefined,
    undoOf: (now) =>
      removed ?? {
        ...{ registry: path, sessionKey: entry.key, at: 0, splices: [{ at: 0, remove: was, insert: now }] },
        ...{ before: hashOfText(was), after: hashOfText(now) },
      },
  };
}

/** @param now the text of the entry; undefined when it is gone */
function isDone({ change, entry: { entry } }: EditStep, now: string | undefined): boolean {
  if (change === "remove-entry" || now === undefined) return change === "remove-entry" && now === undefined;
  const value: unknown = JSON.parse(now);
  return isObject(value) && describeEntry(entry.key, value).sessionId !== entry.sessionId;
}

async function beginAsking(tools: Tools): Promise<Asking> {
  const known = asking.get(tools);
  if (known) {
    if (Date.now() - known.since > ASKING_MS) known.over ??= ASKED_ENOUGH;
    if (known.over !== undefined) delete known.command;
    return known;
  }
  const begun: Asking = { since: Date.now() };
  asking.set(tools, begun);
  const { openclaw } = tools.installation;
  const gateway = openclaw && (await findGateway(openclaw, tools.foreignPids));
  const found = openclaw && gateway && findGatewayCommand(openclaw, gateway, tools.env);
  if (found && "argv" in found) begun.command = found;
  else begun.over = "the gateway that ran when this was planned cannot be asked any more";
  return begun;
}

/** `isLasting`: it would be the same with the next session. */
type Refusal = { because: string; hint?: string; isLasting: boolean };

/** @returns undefined when the gateway says that it has done it */
async function call(
  { argv, env }: GatewayCommand,
  request: GatewayRequest | undefined,
  { signal }: Tools,
): Promise<Refusal | undefined> {
  if (!request) throw new Error("nothing is asked for");
  const asked = ["gateway", "call", request.method, "--json", "--timeout", String(ANSWER_MS)];
  const params = ["--params", JSON.stringify(request.params)];
  const result = await runCommand([...argv, ...asked, ...params], { timeoutMs: COMMAND_MS, env, signal });
  const answer = parse(result.stdout);
  if (result.status === 0 && answer?.ok === true) return undefined;
  const said = `${answer?.error?.message ?? ""} ${result.stderr}`;
  if (/pairing required|scope upgrade|missing scope/i.test(said))
    return {
      because: "the gateway does not let its command line change sessions",
      hint: "allow it once: openclaw devices list, then openclaw devices approve REQUEST; or stop the gateway and run this again",
      isLasting: true,
    };
  if (answer?.error?.code === "INVALID_REQUEST")
    return { because: "the gateway refused this one (INVALID_REQUEST)", isLasting: false };
  const how = result.timedOut
    ? `did not answer within ${COMMAND_MS / 1000} s`
    : (result.failure ?? `ended with status ${result.status}`);
  return { because: `the gateway's command line ${how}`, isLasting: true };
}

type Answer = { ok?: unknown; error?: { code?: unknown; message?: unknown } };

function parse(stdout: string): Answer | undefined {
  try {
    return JSON.parse(stdout.slice(Math.max(0, stdout.indexOf("{")))) as Answer;
  } catch {
    return undefined;
  }
}

function wordNotDone(refused: Refusal | undefined): Pick<Outcome, "because" | "hint"> {
  if (!refused) return { because: "the gateway says that it is done, and the registry does not show it" };
  return { because: refused.because, ...(refused.hint ? { hint: refused.hint } : {}) };
}

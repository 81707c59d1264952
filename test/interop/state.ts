import { execFile } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { projectNamesOf } from "../../src/installation/paths.ts";
import { age, type Home, readRegistryOf, sessionsFolder, writeRegistry } from "../support/home.ts";
import { type TranscriptOptions, writeTranscript } from "../support/transcript-generator.ts";
import type { InstalledOpenClaw } from "./packages.ts";

const fixtures = join(import.meta.dirname, "..", "..", "fixtures", "openclaw-state");
/** Longer than anything counts as being in use. */
const IDLE_MS = 600_000;

export type Registry = Record<string, Record<string, unknown>>;
/** A copied state: the agent `ops` works through Claude Code, `main` does not. */
export type State = Home & { env: Record<string, string>; registries: Record<"main" | "ops", Registry> };

/**
 * Copies a state that a real OpenClaw made into a scratch home: paths become those of the copy, and times move so that the
 * last message came ten minutes ago.
 */
export function copyState(version: string): State {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "keeper-interop-")));
  const at = (...names: string[]) => join(root, ...names);
  const [openclaw, claude, state, log] = [at(".openclaw"), at(".claude"), at("state"), at("gateway.log")];
  cpSync(join(fixtures, version, "openclaw"), openclaw, { recursive: true });
  for (const workspace of ["workspace", "workspace-ops"]) mkdirSync(join(openclaw, workspace));
  for (const folder of [join(claude, "projects"), at("tmp")]) mkdirSync(folder, { recursive: true });
  writeFileSync(log, "");
  for (const name of readdirSync(openclaw, { recursive: true }) as string[]) {
    if (!/\.jsonl?$/.test(name)) continue;
    const path = join(openclaw, name);
    writeFileSync(path, readFileSync(path, "utf8").replaceAll("{HOME}", root), { mode: 0o600 });
    age(path, IDLE_MS);
  }
  const config = join(openclaw, "openclaw.json");
  const settings = JSON.parse(readFileSync(config, "utf8"));
  // a port of its own, so that a gateway of this machine is not taken for this home's
  settings.gateway.port = 1;
  writeFileSync(config, JSON.stringify(settings, null, 2));
  const home: Home = {
    root,
    openclaw,
    claude,
    workspace: join(openclaw, "workspace"),
    state,
    log,
    args: ["--openclaw-home", openclaw, "--claude-home", claude, "--gateway-log", log, "--state-dir", state],
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
  const registries = { main: moveTimes(home, "main"), ops: moveTimes(home, "ops") };
  return { ...home, env: { HOME: root, TMPDIR: at("tmp") }, registries };
}

/** An empty state folder of the name that it had in January, which the package itself configures. */
export async function makeJanuaryState(clawdbot: InstalledOpenClaw): Promise<State> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "keeper-interop-")));
  const at = (...names: string[]) => join(root, ...names);
  const [openclaw, claude, log] = [at(".clawdbot"), at(".claude"), at("gateway.log")];
  for (const folder of [join(openclaw, "workspace"), join(claude, "projects"), at("tmp")])
    mkdirSync(folder, { recursive: true });
  writeFileSync(log, "");
  const state: State = {
    ...{ root, openclaw, claude, log, state: at("state"), workspace: join(openclaw, "workspace") },
    // the homes are to be found where they lie
    args: ["--gateway-log", log, "--state-dir", at("state")],
    remove: () => rmSync(root, { recursive: true, force: true }),
    env: { HOME: root, TMPDIR: at("tmp") },
    registries: { main: {}, ops: {} },
  };
  const settings = {
    "gateway.port": "1",
    "session.dmScope": "per-channel-peer",
    "agents.defaults.workspace": state.workspace,
  };
  for (const [name, value] of Object.entries(settings))
    await runOpenClaw(clawdbot, state, "config", "set", name, value);
  return state;
}

function moveTimes(home: Home, agent: string): Registry {
  const registry: Registry = readRegistryOf(home, agent);
  const newest = Math.max(...Object.values(registry).map(({ updatedAt }) => Number(updatedAt)));
  const byMs = Date.now() - IDLE_MS - newest;
  for (const entry of Object.values(registry)) {
    for (const [name, value] of Object.entries(entry)) {
      if (/At$/.test(name) && typeof value === "number") entry[name] = value + byMs;
    }
  }
  writeRegistry(home, registry, agent);
  return registry;
}

/** Puts a transcript of that size where the agent `ops` works, as Claude Code would. Returns its path. */
export function putClaudeTranscript(state: State, sessionId: string, bytes: number): string {
  const cwd = join(state.openclaw, "workspace-ops");
  const folder = join(state.claude, "projects", projectNamesOf(cwd)[0] ?? "");
  mkdirSync(folder, { recursive: true });
  return put(join(folder, `${sessionId}.jsonl`), { dialect: "claude-code", bytes, sessionId, cwd });
}

/** Lets the transcript of an entry of the agent `main` grow to that size. Returns its path. */
export function growOpenClawTranscript(state: State, sessionId: string, bytes: number): string {
  const path = join(sessionsFolder(state), `${sessionId}.jsonl`);
  return put(path, { dialect: "openclaw", bytes, sessionId, cwd: state.workspace });
}

function put(path: string, options: TranscriptOptions): string {
  writeTranscript(path, { ...options, start: new Date(Date.now() - 86_400_000) });
  age(path, IDLE_MS);
  return path;
}

/** What a process of OpenClaw gets to see: this home and nothing else, no network, none of the plugins it loads at length. */
export function openClawEnv(state: State): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    ...state.env,
    OPENCLAW_STATE_DIR: state.openclaw,
    CLAWDBOT_STATE_DIR: state.openclaw, // what it was called in January
    OPENCLAW_NO_RESPAWN: "1",
    OPENCLAW_SKIP_CHANNELS: "1",
    OPENCLAW_DISABLE_BUNDLED_PLUGINS: "1",
    npm_config_offline: "true",
    NO_COLOR: "1",
  };
}

/** Runs a script of this folder on a package's own functions. Returns what it printed. */
export async function runScript(name: string, openclaw: InstalledOpenClaw, state: State, ...args: string[]) {
  return runNode(openclaw, state, [join(import.meta.dirname, name), openclaw.folder, ...args]);
}

/** Runs the package's own command line; a status other than 0 throws. Returns what it printed. */
export async function runOpenClaw(openclaw: InstalledOpenClaw, state: State, ...args: string[]) {
  return runNode(openclaw, state, [openclaw.program, ...args]);
}

async function runNode(openclaw: InstalledOpenClaw, state: State, argv: string[]): Promise<string> {
  const options = { env: openClawEnv(state), cwd: state.root, timeout: 300_000, maxBuffer: 64 * 1024 * 1024 };
  return (await promisify(execFile)(openclaw.node, argv, options)).stdout;
}

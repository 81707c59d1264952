import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

/** An OpenClaw release on this disk, and a Node that it runs on. `program`: the script of its command line. */
export type InstalledOpenClaw = { version: string; folder: string; node: string; program: string };
/** A Claude Code release on this disk. `command`: what to start, with its first arguments. */
export type InstalledClaudeCode = { version: string; command: readonly [string, ...string[]] };
export type NotInstalled = { missing: string };

/** The newest of the line that every release up to 2026.9 runs on. */
const NODE_VERSION = "24.21.0";
const INSTALL_TIMEOUT_MS = 600_000;
/** Releases up to 2026.4 name a dependency that lies in git, and one that asks for a package which is not there. */
const OVERRIDES = { libsignal: "npm:libsignal@2.0.1", linkedom: "0.18.12" };
/** What the release of January needs and does not ask for. */
const LEFT_OUT = { "strip-ansi": "7.1.2" };
/** The last release that is a script for Node; later ones are a program for each platform, in a package of its own. */
const LAST_SCRIPT = [2, 1, 112] as const;

const cache = process.env.SESSION_KEEPER_INTEROP_CACHE ?? join(import.meta.dirname, "..", "..", ".cache", "interop");

/**
 * Installs a release of OpenClaw and Node 24 through npm, once: they stay in `.cache/interop`, or in the folder that
 * `SESSION_KEEPER_INTEROP_CACHE` names (0.4 to 1.3 GB a release). Install scripts don't run. In January it had another name.
 *
 * @returns where they lie, or in one sentence why they can't be had
 */
export async function installOpenClaw(version: string): Promise<InstalledOpenClaw | NotInstalled> {
  const month = Number(version.split(".")[1]);
  const name = month === 1 ? "clawdbot" : "openclaw";
  try {
    const node = await findNode();
    const dependencies = { [name]: version, ...(month === 1 ? LEFT_OUT : {}) };
    const modules = await install(`${name}-${version}`, dependencies, month < 5 ? OVERRIDES : {});
    const folder = join(modules, name);
    const found = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    if (found.version !== version) return { missing: `npm gave ${found.version} for OpenClaw ${version}` };
    return { version, folder, node, program: join(folder, found.bin[name]) };
  } catch (error) {
    return { missing: `OpenClaw ${version} cannot be had: ${reasonOf(error)}` };
  }
}

/**
 * Installs a release of Claude Code through npm, once, in the same folder (50 to 80 MB a release that is a script, 400 MB
 * one that is a program). Install scripts don't run.
 *
 * @returns how to start it, or in one sentence why it can't be had
 */
export async function installClaudeCode(version: string): Promise<InstalledClaudeCode | NotInstalled> {
  const isScript = !isLater(version, LAST_SCRIPT);
  const name = `@anthropic-ai/claude-code${isScript ? "" : `-${process.platform}-${process.arch}`}`;
  try {
    // what its images need is a package for each platform, and no use here
    const modules = await install(`claude-code-${version}`, { [name]: version }, {}, ["--omit=optional"]);
    const folder = join(modules, name);
    const found = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")).version;
    if (found !== version) return { missing: `npm gave ${found} for Claude Code ${version}` };
    const command = isScript
      ? ([process.execPath, join(folder, "cli.js")] as const)
      : ([join(folder, "claude")] as const);
    return { version, command };
  } catch (error) {
    return { missing: `Claude Code ${version} cannot be had: ${reasonOf(error)}` };
  }
}

function isLater(version: string, than: readonly number[]): boolean {
  const parts = version.split(".").map(Number);
  const differs = than.findIndex((part, index) => part !== parts[index]);
  return differs >= 0 && (parts[differs] ?? 0) > (than[differs] ?? 0);
}

async function findNode(): Promise<string> {
  if (process.versions.node.startsWith("24.")) return process.execPath;
  // the package `node` fetches this one by an install script
  const name = `node-${process.platform}-${process.arch}`;
  const modules = await install(`node-${NODE_VERSION}`, { [name]: NODE_VERSION }, {});
  return join(modules, name, "bin", "node");
}

/** @returns the node_modules folder */
async function install(
  name: string,
  dependencies: object,
  overrides: object,
  flags: readonly string[] = [],
): Promise<string> {
  const folder = join(cache, name);
  const isDone = join(folder, "installed");
  if (!existsSync(isDone)) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, dependencies, overrides }));
    const options = { cwd: folder, timeout: INSTALL_TIMEOUT_MS, maxBuffer: 64 * 1024 * 1024 };
    await promisify(execFile)("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund", ...flags], options);
    writeFileSync(isDone, "");
  }
  return join(folder, "node_modules");
}

function reasonOf(error: unknown): string {
  const { stderr, message } = error as { stderr?: string; message: string };
  const lines = (stderr || message).split("\n").filter((line) => line.trim() !== "");
  return lines.find((line) => line.startsWith("npm error")) ?? lines.at(-1) ?? "no reason given";
}

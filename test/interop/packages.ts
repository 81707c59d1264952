import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

/** An OpenClaw release on this disk, and a Node that it runs on. */
export type InstalledOpenClaw = { version: string; folder: string; node: string };
export type NotInstalled = { missing: string };

/** The newest of the line that every release up to 2026.9 runs on. */
const NODE_VERSION = "24.21.0";
const INSTALL_TIMEOUT_MS = 600_000;
/** Releases up to 2026.4 name a dependency that lies in git, and one that asks for a package which is not there. */
const OVERRIDES = { libsignal: "npm:libsignal@2.0.1", linkedom: "0.18.12" };

const cache = process.env.SESSION_KEEPER_INTEROP_CACHE ?? join(import.meta.dirname, "..", "..", ".cache", "interop");

/**
 * Installs a release of OpenClaw and Node 24 through npm, once: they stay in `.cache/interop`, or in the folder that
 * `SESSION_KEEPER_INTEROP_CACHE` names (0.4 to 1.3 GB a release). Install scripts don't run.
 *
 * @returns where they lie, or in one sentence why they can't be had
 */
export async function installOpenClaw(version: string): Promise<InstalledOpenClaw | NotInstalled> {
  try {
    const node = await findNode();
    const needsOverrides = Number(version.split(".")[1]) < 5;
    const modules = await install(`openclaw-${version}`, { openclaw: version }, needsOverrides ? OVERRIDES : {});
    const folder = join(modules, "openclaw");
    const found = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")).version;
    return found === version ? { version, folder, node } : { missing: `npm gave ${found} for OpenClaw ${version}` };
  } catch (error) {
    return { missing: `OpenClaw ${version} cannot be had: ${reasonOf(error)}` };
  }
}

async function findNode(): Promise<string> {
  if (process.versions.node.startsWith("24.")) return process.execPath;
  // the package `node` fetches this one by an install script
  const name = `node-${process.platform}-${process.arch}`;
  const modules = await install(`node-${NODE_VERSION}`, { [name]: NODE_VERSION }, {});
  return join(modules, name, "bin", "node");
}

/** @returns the node_modules folder */
async function install(name: string, dependencies: object, overrides: object): Promise<string> {
  const folder = join(cache, name);
  const isDone = join(folder, "installed");
  if (!existsSync(isDone)) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, dependencies, overrides }));
    const options = { cwd: folder, timeout: INSTALL_TIMEOUT_MS, maxBuffer: 64 * 1024 * 1024 };
    await promisify(execFile)("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund"], options);
    writeFileSync(isDone, "");
  }
  return join(folder, "node_modules");
}

function reasonOf(error: unknown): string {
  const { stderr, message } = error as { stderr?: string; message: string };
  const lines = (stderr || message).split("\n").filter((line) => line.trim() !== "");
  return lines.find((line) => line.startsWith("npm error")) ?? lines.at(-1) ?? "no reason given";
}

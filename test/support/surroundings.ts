import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import type { Surroundings } from "../../src/config/load.ts";

/** A scratch machine: an empty home, an empty system directory and no variables, removed after the test. */
export function scratchSurroundings(env: NodeJS.ProcessEnv = {}): Surroundings & { root: string } {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "keeper-config-")));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const folders = { homeDirectory: join(root, "home"), cwd: join(root, "cwd"), systemDirectory: join(root, "etc") };
  for (const folder of Object.values(folders)) mkdirSync(folder, { mode: 0o755 });
  return { root, ...folders, env, uid: process.getuid?.() ?? 0 };
}

/** Writes a file with the folders above it, whatever the umask. Returns its path. */
export function put(path: string, text = "", mode = 0o644): string {
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

/** A folder with the folders above it. Returns its path. */
export function putFolder(path: string): string {
  mkdirSync(path, { recursive: true });
  return path;
}

import { statSync } from "node:fs";
import { join } from "node:path";
import { errnoOf } from "../errors.ts";
import { absolutePath, type PathBase } from "./paths.ts";

/** A home, and whether a person named it, so that its absence is a failure. */
export type Home = { path: string; configured: boolean };

type Surroundings = PathBase & { env: NodeJS.ProcessEnv };

/**
 * The OpenClaw state folder when no file or flag names one, by OpenClaw's own rules: its state variable, its profile,
 * its home variable, else the first of `~/.openclaw ~/.clawdbot ~/.moltbot` that exists. None: null.
 * Empty variables count as not set.
 */
export function findOpenclawHome(surroundings: Surroundings): Home | null {
  const { env, cwd } = surroundings;
  const homeVariable = env.OPENCLAW_HOME?.trim();
  const homeDirectory = homeVariable ? absolutePath(homeVariable, surroundings) : surroundings.homeDirectory;
  const base = { homeDirectory, cwd };

  const stateDirectory = env.OPENCLAW_STATE_DIR?.trim();
  if (stateDirectory) return { path: absolutePath(stateDirectory, base), configured: true };
  // The old name of the variable: releases since 2026.4.15 ignore it, so one that leads nowhere is a leftover.
  const oldVariable = env.CLAWDBOT_STATE_DIR?.trim();
  const oldDirectory = oldVariable ? absolutePath(oldVariable, base) : undefined;
  if (oldDirectory !== undefined && isFolder(oldDirectory)) return { path: oldDirectory, configured: true };

  const profile = env.OPENCLAW_PROFILE?.trim() ?? "";
  if (isProfileName(profile)) return { path: join(homeDirectory, `.openclaw-${profile}`), configured: true };

  const found = [".openclaw", ".clawdbot", ".moltbot"].map((name) => join(homeDirectory, name)).find(isFolder);
  if (homeVariable) return { path: found ?? join(homeDirectory, ".openclaw"), configured: true };
  return found === undefined ? null : { path: found, configured: false };
}

/** The Claude Code folder when no file or flag names one: `$CLAUDE_CONFIG_DIR`, else `~/.claude` if it exists. None: null. */
export function findClaudeHome(surroundings: Surroundings): Home | null {
  // Claude Code itself opens the NFC form of the variable.
  const named = surroundings.env.CLAUDE_CONFIG_DIR?.normalize("NFC");
  if (named) return { path: absolutePath(named, surroundings), configured: true };
  const path = join(surroundings.homeDirectory, ".claude");
  return isFolder(path) ? { path, configured: false } : null;
}

/** As OpenClaw has it: it passes over any other name, and "default" is no profile. */
function isProfileName(profile: string): boolean {
  return /^[a-z0-9][a-z0-9_-]{0,63}$/i.test(profile) && profile.toLowerCase() !== "default";
}

/** One that may not be looked at exists: what reads it later says why it cannot. */
function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (error) {
    return !["ENOENT", "ENOTDIR", "ELOOP"].includes(errnoOf(error) ?? "");
  }
}

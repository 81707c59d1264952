import { readFileSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { findProgram } from "../host/find-program.ts";
import { type CleanupPeriod, cleanupPeriodOf } from "../installation/claude-settings.ts";
import type { Installation, Transcript } from "../installation/installation.ts";
import { parseRow } from "../transcript/contents.ts";
import { linesAtEnds } from "../transcript/lines.ts";
import { openTranscript } from "../transcript/open.ts";

/** So many of the transcripts written last are asked for the version that wrote them. */
const ASKED = 5;
const VERSION = /^\d+\.\d+\.\d+[\w.-]*$/;

/** Which Claude Code works on a home. `written`: as the newest rows name it. `installed`: what `claude` on the PATH is. */
export type ClaudeFacts = {
  home: string;
  cleanup: CleanupPeriod;
  written?: string;
  installed?: { version: string; path: string };
};

/** Looks at settings, rows and the package; runs nothing. */
export async function gatherClaude(
  { claude, transcripts, workspaces }: Installation,
  searchPath: string,
): Promise<ClaudeFacts | undefined> {
  if (!claude) return undefined;
  const newest = transcripts
    .filter(({ dialect, kind }) => dialect === "claude-code" && kind === "file")
    .toSorted((a, b) => b.fingerprint.mtimeMs - a.fingerprint.mtimeMs)
    .slice(0, ASKED);
  let written: string | undefined;
  for (const transcript of newest) written ??= await versionInRows(transcript);
  const path = findProgram("claude", searchPath);
  const installed = path === undefined ? undefined : versionOfPackage(path);
  return {
    home: claude.home,
    cleanup: cleanupPeriodOf(claude.home, workspaces),
    ...(written === undefined ? {} : { written }),
    ...(installed === undefined || path === undefined ? {} : { installed: { version: installed, path } }),
  };
}

async function versionInRows({ path, fingerprint }: Transcript): Promise<string | undefined> {
  try {
    const file = await openTranscript(path, fingerprint);
    try {
      const rows = (await linesAtEnds(file, fingerprint.sizeBytes)).map((line) => parseRow(line)?.version);
      return rows.findLast((version): version is string => typeof version === "string" && VERSION.test(version));
    } finally {
      await file.close();
    }
  } catch {
    return undefined; // not readable for us, which is told elsewhere
  }
}

/** An installed package tells in its description, a program of its own by the name of its file. */
function versionOfPackage(path: string): string | undefined {
  try {
    const real = realpathSync(path);
    const named = /\/versions\/(\d+\.\d+\.\d+[\w.-]*)$/.exec(real)?.[1];
    if (named !== undefined) return named;
    for (let folder = dirname(real), depth = 0; depth < 4; folder = dirname(folder), depth += 1) {
      const found = packageIn(folder);
      if (found?.name === "@anthropic-ai/claude-code") return found.version;
    }
  } catch {
    // gone, or not readable for us
  }
  return undefined;
}

function packageIn(folder: string): { name?: string; version?: string } | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  } catch {
    return undefined;
  }
}

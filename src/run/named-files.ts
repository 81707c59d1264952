import { readdirSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import type { InstallationSettings, Settings } from "../config/settings.ts";
import type { Dialect } from "../dialects/dialect.ts";
import { lookAt } from "../disk/fingerprint.ts";
import { isLeftBehind } from "../disk/left-behind.ts";
import { KeeperError } from "../errors.ts";
import { discover, type Surroundings } from "../installation/discover.ts";
import type { Installation, Transcript } from "../installation/installation.ts";
import { realPathOr } from "../installation/paths.ts";
import { parseRow } from "../transcript/contents.ts";
import { linesAtEnds } from "../transcript/lines.ts";
import { openTranscript } from "../transcript/open.ts";
import { findHomesOfFiles } from "./homes-of-files.ts";
import type { Prospect } from "./prospects.ts";

/**
 * Makes an installation of transcripts that a person named by path, wherever they lie. Where they lie in a home, its rules
 * hold for them: its era, its locks, whether its gateway runs.
 *
 * @throws KeeperError `usage` for what is no file
 */
export async function lookForFiles(
  files: readonly string[],
  settings: Settings,
  surroundings: Surroundings & { cwd: string },
): Promise<Prospect> {
  const paths = [...new Set(files.map((file) => inRealFolder(resolve(surroundings.cwd, file))))];
  const missing = paths.filter((path) => lookAt(path) === undefined || lookAt(path)?.kind === "folder");
  if (missing.length > 0) {
    throw new KeeperError(
      "usage",
      `there is no transcript ${missing.join(", ")}`,
      "nothing was looked at; name transcripts (.jsonl) by their paths",
    );
  }
  const homes = findHomesOfFiles(paths, settings);
  const found = await discover(settingsFor(settings, homes.claude, homes.openclaw), surroundings);
  const known = new Map(found.transcripts.map((transcript) => [transcript.path, transcript]));
  const transcripts = await Promise.all(paths.map(async (path) => known.get(path) ?? (await describe(path))));
  const folders = [...new Set(paths.map((path) => dirname(path)))];
  const leftBehind = folders.flatMap((folder) => leftBeside(folder, paths));
  const installation: Installation = { ...found, name: "files", logs: [], transcripts, folders, leftBehind };
  return { name: "files", installation, sharedLogs: new Map() };
}

/** What a killed run of ours left beside these files. */
function leftBeside(folder: string, paths: readonly string[]): string[] {
  const own = paths.map((path) => `${path}.`);
  const isLock = (path: string) => paths.includes(path.replace(/\.lock$/, ""));
  return readdirSync(folder)
    .map((name) => join(folder, name))
    .filter((path) => own.some((start) => path.startsWith(start)) && (isLeftBehind(basename(path)) || isLock(path)));
}

/** The homes that the files lie in, with what the person configured for them. */
function settingsFor(
  { installations }: Settings,
  claudeHome: string | undefined,
  openclawHome: string | undefined,
): InstallationSettings {
  const isIt = (path: string | undefined, home: string | undefined) =>
    path !== undefined && home !== undefined && realPathOr(path) === home;
  const configured =
    installations.find(({ openclaw }) => isIt(openclaw?.home, openclawHome)) ??
    installations.find(({ claude }) => isIt(claude?.home, claudeHome)) ??
    installations[0];
  if (!configured) throw new Error("there is always one installation");
  const { claude, openclaw } = configured;
  return {
    ...configured,
    claude:
      claudeHome === undefined ? null : { personalSessions: "ignore", personalMaxSize: 0, ...claude, home: claudeHome },
    openclaw:
      openclawHome === undefined
        ? null
        : { home: openclawHome, version: isIt(openclaw?.home, openclawHome) ? (openclaw?.version ?? "auto") : "auto" },
    gateway: { ...configured.gateway, logs: [] },
  };
}

async function describe(path: string): Promise<Transcript> {
  const seen = lookAt(path);
  if (!seen) throw new Error(`${path} is gone`);
  return {
    dialect: seen.kind === "file" ? await dialectOf(path, seen.fingerprint) : "claude-code",
    path,
    sessionId: basename(path).replace(/\.jsonl$/, ""),
    group: basename(dirname(path)) || "files",
    ...seen,
    entries: [],
    inWorkspace: false,
  };
}

/** Told by rows at both ends of the file; by its folder, when no row there can be read. */
async function dialectOf(path: string, fingerprint: Transcript["fingerprint"]): Promise<Dialect["name"]> {
  const votes = { "claude-code": 0, openclaw: 0 };
  const file = await openTranscript(path, fingerprint);
  try {
    for (const line of await linesAtEnds(file, fingerprint.sizeBytes)) {
      const row = parseRow(line);
      if (!row) continue;
      if ("parentUuid" in row || "sessionId" in row || "leafUuid" in row) votes["claude-code"] += 1;
      else if ("parentId" in row || row.type === "session" || row.type === "message") votes.openclaw += 1;
    }
  } finally {
    await file.close();
  }
  if (votes["claude-code"] === votes.openclaw)
    return basename(dirname(path)) === "sessions" ? "openclaw" : "claude-code";
  return votes.openclaw > votes["claude-code"] ? "openclaw" : "claude-code";
}

/** The folder is resolved, the file is not: a link in its place must show as one. */
function inRealFolder(path: string): string {
  return join(realPathOr(dirname(path)), basename(path));
}

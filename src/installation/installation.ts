import type { InstallationSettings } from "../config/settings.ts";
import type { Dialect } from "../dialects/dialect.ts";
import type { Fingerprint, PathKind } from "../disk/fingerprint.ts";
import type { Registry, RegistryEntry } from "../registry/read.ts";
import type { ContainerPaths } from "./container-paths.ts";
import type { EraVerdict } from "./era.ts";
import type { OpenClawConfig } from "./openclaw-config.ts";

/** One bot or one person's setup, as found on disk. All paths are real paths. */
export type Installation = {
  name: string;
  /** as the person asked for; `paths` are those that were found where none are configured */
  settings: InstallationSettings;
  /** what paths inside a container were found to be, where none are configured */
  containerPaths?: ContainerPaths;
  openclaw: OpenClawHome | null;
  claude: ClaudeHome | null;
  /** The agents' workspaces, the default agent's first. */
  workspaces: string[];
  /** File paths, globs and `journal:UNIT` of the gateway's log. */
  logs: string[];
  transcripts: Transcript[];
  registries: AgentRegistry[];
  /** Registries of other configured installations that work on the same Claude Code home. */
  neighbours: AgentRegistry[];
  /** Names of installations on the same Claude Code home whose registries are not all known, nor what they bind. */
  unseenNeighbours: string[];
  /** Names of locks. Looked up instead of the transcripts, for a command that is about nothing else. */
  locks: LockPlace[];
  /** Transcripts, or locks, in a shared home that another installation looks after. */
  claimedElsewhere: string[];
  /** Files that a killed run of ours set aside beside transcripts, and has to bring home. */
  leftBehind: string[];
  /** Of transcripts that a person named by path: where they lie. Empty for every other installation. */
  folders: string[];
  /** Folders that could not be read, and why; nothing in them counts as missing. */
  unreadable: { path: string; message: string }[];
};

export type OpenClawHome = { home: string; config: OpenClawConfig; era: EraVerdict };

export type ClaudeHome = { home: string; projects: string };

/**
 * An agent's registry, and where the agent's transcripts lie. `shared`: other agents that use the same one, if the gateway's
 * configuration says so. `isLeft`: its gateway is configured to use another one, so that this one need not be there.
 */
export type AgentRegistry = {
  agent: string;
  path: string;
  sessions: string;
  registry: Registry;
  shared?: { agent: string; sessions: string }[];
  isLeft?: boolean;
};

/** A name that a lock has, and what it guards; what lies there is not looked at. */
export type LockPlace = { path: string; guards: "transcript" | "registry" | "history"; agent?: string };

/** A registry entry and where it stands. */
export type EntryReference = { agent: string; registryPath: string; entry: RegistryEntry; provider?: string };

/** A session's file, with everything that says whose it is. */
export type Transcript = {
  dialect: Dialect["name"];
  path: string;
  sessionId: string;
  /** The agent's id, or the name of the Claude Code project folder. */
  group: string;
  kind: PathKind;
  fingerprint: Fingerprint;
  /** Claude Code: entries whose binding names this session. OpenClaw: entries whose transcript this is. */
  entries: EntryReference[];
  /** Claude Code: lies in the project folder of one of the installation's workspaces. */
  inWorkspace: boolean;
};

/** What a registry entry of a conversation is called, when there is one. */
export function sessionKeyOf(transcript: Transcript): string | undefined {
  return transcript.entries[0]?.entry.key;
}

/** The line that a transcript's archives belong to: its session, and the conversation under the same registry key. */
export function lineageOf(transcript: Transcript): { sessionId: string; sessionKey: string | undefined } {
  return { sessionId: transcript.sessionId, sessionKey: sessionKeyOf(transcript) };
}

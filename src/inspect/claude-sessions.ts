import { join } from "node:path";
import { lookAt } from "../disk/fingerprint.ts";
import type { Installation } from "../installation/installation.ts";
import { projectNamesOf, unmapPath } from "../installation/paths.ts";

/**
 * Tells of an agent which sessions of Claude Code there are for its bindings; undefined where the folder that it works in cannot be
 * seen there, so that none of them is missing.
 */
export function claudeSessionsOf(installation: Installation): (agent: string) => ReadonlySet<string> | undefined {
  const { claude, transcripts, unreadable, claimedElsewhere } = installation;
  if (!claude || unreadable.some(({ path }) => path.startsWith(claude.home))) return () => undefined;
  const own = transcripts.flatMap(({ dialect, sessionId }) => (dialect === "claude-code" ? [sessionId] : []));
  const elsewhere = claimedElsewhere.flatMap((path) => /([^/]+)\.jsonl$/.exec(path)?.[1] ?? []);
  const all = new Set([...own, ...elsewhere]);
  const isThere = (workspace: string) =>
    [workspace, unmapPath(workspace, installation.settings.paths)]
      .flatMap(projectNamesOf)
      .some((name) => lookAt(join(claude.projects, name))?.kind === "folder");
  return (agent) => (workspacesOf(agent, installation).some(isThere) ? all : undefined);
}

/** The agent's own workspace, where it is known which it is; else any that it may be. */
function workspacesOf(agent: string, { openclaw, workspaces }: Installation): string[] {
  const named = openclaw?.config.agents.find(({ id }) => id === agent)?.workspace?.replace(/^~/, "");
  const own = workspaces.filter((path) =>
    named === undefined ? path.endsWith(`/workspace-${agent}`) : path.endsWith(named),
  );
  return own.length > 0 ? own : workspaces;
}

import { randomUUID } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { projectNamesOf } from "../../src/installation/paths.ts";

/** A scratch home of one bot, on a real disk. Everything in it is made up. */
export type Home = {
  root: string;
  openclaw: string;
  claude: string;
  workspace: string;
  state: string;
  log: string;
  /** the options that point the program at this home, and nowhere else */
  args: string[];
  remove: () => void;
};

/** @param options.version what the gateway's configuration says last wrote it; null: nothing does */
export function makeHome(options: { version?: string | null } = {}): Home {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "keeper-home-")));
  const [openclaw, claude, state, log] = [
    join(root, ".openclaw"),
    join(root, ".claude"),
    join(root, "state"),
    join(root, "gateway.log"),
  ];
  const workspace = join(openclaw, "workspace");
  mkdirSync(join(openclaw, "agents", "main", "sessions"), { recursive: true });
  mkdirSync(workspace, { recursive: true });
  mkdirSync(join(claude, "projects"), { recursive: true });
  const version = options.version === undefined ? "2026.2.9" : options.version;
  const meta = version === null ? {} : { meta: { lastTouchedVersion: version } };
  // a port of its own, so that a gateway of this machine is not taken for this home's
  writeFileSync(
    join(openclaw, "openclaw.json"),
    JSON.stringify({ ...meta, gateway: { port: 1 }, agents: { defaults: { workspace } } }),
  );
  writeFileSync(log, "");
  const args = ["--openclaw-home", openclaw, "--claude-home", claude, "--gateway-log", log, "--state-dir", state];
  return {
    root,
    openclaw,
    claude,
    workspace,
    state,
    log,
    args,
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}

export type SessionOptions = {
  sessionId?: string;
  /** the least size of the file in bytes */
  bytes?: number;
  /** how long ago the last row was written */
  idleMs?: number;
  /** rows say this about how the program was started */
  entrypoint?: string;
  /** the project folder; the bot's own when absent */
  project?: string;
  /** ids of tool results without a call, at the end */
  orphans?: string[];
  /** files that the session edits */
  edits?: string[];
};

/** Adds a Claude Code transcript and returns its id and path. Pairs of a call and its result, with rising times. */
export function addClaudeSession(home: Home, options: SessionOptions = {}): { sessionId: string; path: string } {
  const sessionId = options.sessionId ?? randomUUID();
  const folder = join(home.claude, "projects", options.project ?? projectNamesOf(home.workspace)[0] ?? "");
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${sessionId}.jsonl`);
  const lastAt = Date.now() - (options.idleMs ?? 120_000);
  const bytes = options.bytes ?? 2000;
  const rows: string[] = [];
  let parentUuid: string | null = null;
  const add = (row: Record<string, unknown>) => {
    const uuid = randomUUID();
    const timestamp = new Date(lastAt - 600_000 + rows.length * 10).toISOString();
    rows.push(
      JSON.stringify({
        parentUuid,
        isSidechain: false,
        userType: "external",
        cwd: home.workspace,
        sessionId,
        version: "2.1.42",
        ...(options.entrypoint ? { entrypoint: options.entrypoint } : {}),
        ...row,
        uuid,
        timestamp,
      }),
    );
    parentUuid = uuid;
  };
  const filler = "lorem ipsum dolor sit amet ".repeat(Math.ceil(Math.max(1, bytes / 40) / 27));
  for (let written = 0, index = 0; written < bytes || index < (options.edits?.length ?? 0); index += 1) {
    const id = `toolu_${sessionId.slice(0, 8)}${index}`;
    const file_path = options.edits?.[index];
    const call = file_path
      ? { name: "Edit", input: { file_path, old_string: "a", new_string: "b" } }
      : { name: "Read", input: { file_path: "/w/a.ts" } };
    add({
      type: "assistant",
      message: {
        id: `msg_${index}`,
        type: "message",
        role: "assistant",
        model: "claude-example",
        content: [{ type: "tool_use", id, ...call }],
      },
    });
    add({
      type: "user",
      message: { role: "user", content: [{ tool_use_id: id, type: "tool_result", content: filler }] },
    });
    written += filler.length + 800;
  }
  for (const tool_use_id of options.orphans ?? [])
    add({
      type: "user",
      message: { role: "user", content: [{ tool_use_id, type: "tool_result", content: "left over" }] },
    });
  writeFileSync(path, `${rows.join("\n")}\n`, { mode: 0o600 });
  age(path, options.idleMs ?? 120_000);
  return { sessionId, path };
}

/** Adds an OpenClaw transcript (not its registry entry). */
export function addOpenClawSession(
  home: Home,
  options: { sessionId?: string; agent?: string; bytes?: number; idleMs?: number } = {},
): { sessionId: string; path: string } {
  const sessionId = options.sessionId ?? randomUUID();
  const folder = sessionsFolder(home, options.agent);
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${sessionId}.jsonl`);
  const at = (index: number) => new Date(Date.now() - (options.idleMs ?? 120_000) - 600_000 + index * 10).toISOString();
  const rows = [JSON.stringify({ type: "session", version: 3, id: sessionId, timestamp: at(0), cwd: home.workspace })];
  let parentId: string | null = null;
  for (let size = 0, index = 1; size < (options.bytes ?? 1000); index += 1) {
    const id = randomUUID().slice(0, 8);
    const message =
      index % 2 === 1
        ? { role: "user", content: [{ type: "text", text: "question ".repeat(100) }] }
        : { role: "assistant", content: [{ type: "text", text: "answer ".repeat(100) }], stopReason: "stop" };
    rows.push(JSON.stringify({ type: "message", id, parentId, timestamp: at(index), message }));
    parentId = id;
    size += 900;
  }
  writeFileSync(path, `${rows.join("\n")}\n`, { mode: 0o600 });
  age(path, options.idleMs ?? 120_000);
  return { sessionId, path };
}

/** Writes an agent's registry as the gateway does: pretty, no final newline, 0600. */
export function writeRegistry(home: Home, entries: Record<string, unknown>, agent = "main"): string {
  const path = join(sessionsFolder(home, agent), "sessions.json");
  mkdirSync(sessionsFolder(home, agent), { recursive: true });
  writeFileSync(path, JSON.stringify(entries, null, 2), { mode: 0o600 });
  return path;
}

export function readRegistryOf(home: Home, agent = "main"): Record<string, Record<string, unknown>> {
  return JSON.parse(readFileSync(join(sessionsFolder(home, agent), "sessions.json"), "utf8"));
}

/** An entry that continues in a Claude Code session, with all three fields of its binding. */
export function boundEntry(claudeSessionId: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    sessionId: randomUUID(),
    updatedAt: Date.now() - 300_000,
    chatType: "direct",
    cliSessionIds: { "claude-cli": claudeSessionId },
    cliSessionBindings: { "claude-cli": { sessionId: claudeSessionId, authEpoch: "1" } },
    claudeCliSessionId: claudeSessionId,
    ...more,
  };
}

export function sessionsFolder(home: Home, agent = "main"): string {
  return join(home.openclaw, "agents", agent, "sessions");
}

/** Makes a file look as if it was last written so long ago. */
export function age(path: string, idleMs: number): void {
  const seconds = (Date.now() - idleMs) / 1000;
  utimesSync(path, seconds, seconds);
}

/** The archives of a folder tree, oldest first, without their catalog. */
export function archivesIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return (readdirSync(folder, { recursive: true }) as string[])
    .filter((name) => name.endsWith(".gz"))
    .map((name) => join(folder, name))
    .sort();
}

export function unzip(path: string): Buffer {
  return gunzipSync(readFileSync(path));
}

/** Every file below a folder with its bytes, mode and time, to compare before and after. */
export function snapshot(folder: string): Record<string, string> {
  const files: Record<string, string> = {};
  for (const name of (readdirSync(folder, { recursive: true }) as string[]).sort()) {
    const path = join(folder, name);
    const stat = statSync(path);
    files[name] = stat.isFile()
      ? `${stat.mtimeMs} ${stat.mode} ${readFileSync(path).toString("base64")}`
      : `${stat.mtimeMs} ${stat.mode}`;
  }
  return files;
}

import { randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { age, type Home, makeHome, sessionsFolder } from "./home.ts";
import { written } from "./unregistered.ts";

/** What a key says of a session, in the words of the people who look after it. */
export type KeyClass = "main" | "dm" | "group" | "thread" | "cron" | "hook" | "subagent" | "other";

/**
 * A session of a made-up home. `derivable`: something on disk proves its key, when the registry is gone without a copy; `kind`: only
 * what kind of key it is.
 */
export type KnownSession = { key: string; class: KeyClass; sessionId: string; derivable: "key" | "kind" | "no" };

export type ReleaseHome = { home: Home; sessions: KnownSession[]; registry: string };

/**
 * Releases of which the shapes are known, with what they leave: `2026.1.24-3` (clawdbot; envelopes, `dm`, one key for all runs of a
 * job, nothing around what its own clients send), `2026.2.9` (envelopes, stamps), `2026.4.15` (JSON in front), `2026.6.11` (what
 * people write as it is, and a trace of each session's runs). Read from the packages; `test/interop` holds the shapes against them.
 */
export const RELEASES = ["2026.1.24-3", "2026.2.9", "2026.4.15", "2026.6.11"] as const;
export type Release = (typeof RELEASES)[number];

const MINUTE = 60_000;
const JOB = "42fd68a5-8345-4e1d-940f-c029affea412";
const ONCE = "52fd68a5-8345-4e1d-940f-c029affea412";
const HEARTBEAT = "Read HEARTBEAT.md if it exists (workspace context). Follow it strictly.";
const STAMP = "[Fri 2026-11-20 16:57 UTC] ";

/** A home as a bot of this release has it, where each person has a session, with its whole registry. */
export function makeReleaseHome(release: Release): ReleaseHome {
  const home = makeHome({ version: release });
  configure(home);
  const old = release === "2026.1.24-3";
  const bare = release === "2026.6.11";
  const info = release === "2026.4.15";
  const direct = old ? "dm" : "direct";
  const stamp = old || bare ? "" : STAMP;
  const sessions: KnownSession[] = [];
  const entries: Record<string, object> = {};
  const add = (key: string, texts: readonly string[], derivable: KnownSession["derivable"], more: More = {}) => {
    const sessionId = randomUUID();
    const name = `${sessionId}${more.topic ? `-topic-${more.topic}` : ""}.jsonl`;
    const path = join(sessionsFolder(home), name);
    const atMs = Date.now() - 90 * MINUTE + sessions.length * MINUTE;
    writeFileSync(path, rowsOf(sessionId, texts, atMs, more.rows?.(sessionId) ?? []), { mode: 0o600 });
    age(path, Date.now() - atMs - 30_000);
    if (bare) trace(path, sessionId, key);
    entries[key.replace(RUN, `:run:${sessionId}`)] = { sessionId, updatedAt: atMs + 30_000, sessionFile: path };
    const told = bare ? "key" : derivable;
    sessions.push({ key: key.replace(RUN, `:run:${sessionId}`), class: classOf(key), sessionId, derivable: told });
    return { sessionId, atMs };
  };
  const own = (text: string) => `${stamp}${text}`;
  /** as it came through a channel */
  const via = (envelope: string, json: string) => (bare ? "hello" : info ? json : envelope);

  add("agent:main:main", [own("Good morning."), HEARTBEAT, own("And now?")], "key");
  const sent = (to: string, isGroup = false, more: object = {}) =>
    block({ chat_id: to, sender_id: "700", ...(isGroup ? { is_group_chat: true } : {}), ...more });
  const telegram = via(written.otherTelegramDirect, block({ chat_id: "telegram:701", sender_id: "701" }));
  add(`agent:main:telegram:${direct}:701`, [telegram, telegram], "key");
  // linked in the configuration
  add(`agent:main:telegram:${direct}:ada`, [via(written.telegramDirect, sent("telegram:700"))], "key");
  add(`agent:main:whatsapp:${direct}:+15550001111`, [via(written.whatsappDirect, sent("+15550001111"))], "key");
  const user = "123456789012345678";
  add(
    `agent:main:discord:${direct}:${user}`,
    [via(written.discordDirect, block({ chat_id: `user:${user}`, sender_id: user }))],
    "key",
  );
  add("agent:main:telegram:group:-1002003004", [via(written.telegramGroup, sent("telegram:-1002003004", true))], "key");
  add(
    "agent:main:whatsapp:group:120363000000000000@g.us",
    [via(written.whatsappGroup, sent("120363000000000000@g.us", true))],
    "key",
  );
  add(
    "agent:main:discord:channel:223456789012345678",
    [via(written.discordChannel, sent("channel:223456789012345678", true))],
    "key",
  );
  add("agent:main:slack:channel:c0abcdef1", [via(written.slackChannel, sent("channel:C0ABCDEF1", true))], "key");
  const topic = via(written.telegramTopic, sent("telegram:-1002003004", true, { topic_id: "7" }));
  add("agent:main:telegram:group:-1002003004:topic:7", [topic, topic], "key", { topic: "7" });
  if (info || bare)
    add("agent:main:slack:channel:c0abcdef1:thread:1700000000.000100", [via("", written.infoSlackThread)], "key");
  // of a workspace of Slack, a direct message shows no more than a name; later releases' shows nothing
  if (!info) add(`agent:main:slack:${direct}:u0abcdef1`, [via(written.slackDirect, "")], "kind");

  const run = old ? `agent:main:cron:${JOB}` : `agent:main:cron:${JOB}${RUN}`;
  add(run, [`[cron:${JOB} Made-up morning] Good morning.\nCurrent time: Friday`], "key");
  add(
    old ? `agent:main:cron:${ONCE}` : `agent:main:cron:${ONCE}${RUN}`,
    [`[cron:${ONCE} Made-up reminder] Tea.`],
    "key",
  );
  jobs(home);
  const hook = `agent:main:hook:${randomUUID()}`;
  // before 2026.2 it looks like a job's, of which nothing else is known
  if (old) add(hook, [`[cron:${randomUUID()} Mail] hello`], "no");
  else add(hook, [written.hook], "kind");

  const tasks = ["count the fruit", "count the plums"] as const;
  const keys = tasks.map(() => `agent:main:subagent:${randomUUID()}`) as [string, string];
  const asked = (task: string) =>
    info
      ? `${STAMP}[Subagent Context] You are running as a subagent (depth 1/1).\n\n[Subagent Task]: ${task}`
      : own(task);
  const first = add(keys[0], [asked(tasks[0])], "key");
  const second = add(keys[1], [asked(tasks[1])], "key");
  const spawned = {
    childSessionKey: keys[1],
    task: tasks[1],
    createdAt: second.atMs,
    requesterSessionKey: "agent:main:main",
  };
  put(join(home.openclaw, "subagents", "runs.json"), JSON.stringify({ version: 2, runs: { r1: spawned } }));
  const announce = `${own("A subagent task")} "fruit" just completed successfully.\n\nFindings:\nthree\n\n${statsOf(keys[0], first.sessionId)}\n\nBrief.`;
  const event = `[Internal task completion event]\nsource: subagent\nsession_key: ${keys[0]}\nsession_id: ${first.sessionId}\ntype: subagent task`;
  const ada = info ? sent("+15550002222") : written.whatsappDirect.replace("1111", "2222");
  add(`agent:main:whatsapp:${direct}:+15550002222`, [bare ? "hello" : ada, info ? event : announce], "key");

  // talked to from the command line and the web page alone: any session could be
  add(`agent:main:explicit:${randomUUID()}`, [own("One."), own("Two.")], "no");
  add("agent:main:telegram:group:-1009", [own("Said from the web page.")], "no");
  // its own tool told it which it is
  add("agent:main:telegram:group:-1008", [own("Which session is this?")], "key", {
    rows: () => asksItself("agent:main:telegram:group:-1008"),
  });
  return { home, sessions, registry: JSON.stringify(entries, null, 2) };
}

type More = { topic?: string; rows?: (sessionId: string) => object[] };

/** In place of the session's id, which is not known yet. */
const RUN = ":run:{id}";

export function classOf(key: string): KeyClass {
  const rest = key.replace(/^agent:[^:]+:/, "");
  if (rest === "main") return "main";
  if (rest.startsWith("subagent:")) return "subagent";
  if (rest.startsWith("cron:")) return "cron";
  if (rest.startsWith("hook:")) return "hook";
  if (/:(?:topic|thread):/.test(rest)) return "thread";
  if (/:(?:group|channel):/.test(rest)) return "group";
  return /:(?:direct|dm):/.test(rest) ? "dm" : "other";
}

function configure({ openclaw }: Home): void {
  const path = join(openclaw, "openclaw.json");
  const session = { dmScope: "per-channel-peer", identityLinks: { ada: ["telegram:700"] } };
  writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, "utf8")), session }));
}

function rowsOf(id: string, texts: readonly string[], atMs: number, more: readonly object[]): string {
  const at = (index: number) => new Date(atMs + index * 1000).toISOString();
  const rows: object[] = [{ type: "session", version: 3, id, timestamp: at(0), cwd: "/home/ada/clawd" }];
  for (const [index, text] of texts.entries()) {
    const answer = {
      role: "assistant",
      content: [{ type: "text", text: "made-up reply" }],
      provider: "anthropic",
      model: "m",
    };
    rows.push(
      {
        type: "message",
        id: `u${index}`,
        timestamp: at(index),
        message: { role: "user", content: [{ type: "text", text }] },
      },
      { type: "message", id: `a${index}`, timestamp: at(index), message: answer },
    );
  }
  return `${[...rows, ...more].map((row) => JSON.stringify(row)).join("\n")}\n`;
}

function asksItself(sessionKey: string): object[] {
  const call = { type: "toolCall", id: "toolu_1", name: "session_status", arguments: {} };
  const content = [{ type: "text", text: "made-up status" }];
  const answer = {
    role: "toolResult",
    toolCallId: "toolu_1",
    toolName: "session_status",
    content,
    details: { ok: true, sessionKey },
  };
  return [
    { type: "message", id: "c1", message: { role: "assistant", content: [call] } },
    { type: "message", id: "c2", message: answer },
  ];
}

/** As 2026.4.27 and later write it beside the transcript. */
function trace(path: string, sessionId: string, key: string): void {
  const event = {
    ...{ traceSchema: "openclaw-trajectory", schemaVersion: 1, traceId: sessionId, source: "runtime" },
    ...{ type: "session.started", ts: new Date().toISOString(), seq: 1, sourceSeq: 1 },
    ...{ sessionId, sessionKey: key.replace(RUN, `:run:${sessionId}`), runId: randomUUID(), data: {} },
  };
  writeFileSync(path.replace(/\.jsonl$/, ".trajectory.jsonl"), `${JSON.stringify(event)}\n`);
}

/** A job that there is, and the record of one that is gone because it was to run once. */
function jobs({ openclaw }: Home): void {
  const job = {
    id: JOB,
    name: "Made-up morning",
    enabled: true,
    sessionTarget: "isolated",
    payload: { kind: "agentTurn" },
  };
  put(join(openclaw, "cron", "jobs.json"), JSON.stringify({ version: 1, jobs: [job] }));
  put(
    join(openclaw, "cron", "runs", `${ONCE}.jsonl`),
    `${JSON.stringify({ ts: Date.now(), jobId: ONCE, action: "finished", status: "ok" })}\n`,
  );
}

function statsOf(key: string, sessionId: string): string {
  return `Stats: runtime 5s \u2022 tokens 1.2k (in 1.1k / out 100) \u2022 sessionKey ${key} \u2022 sessionId ${sessionId} \u2022 transcript /x.jsonl`;
}

function block(values: object): string {
  return `Conversation info (untrusted metadata):\n\`\`\`json\n${JSON.stringify(values, null, 2)}\n\`\`\`\n\nhello`;
}

function put(path: string, text: string): void {
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, text);
}

// Run with Node 24: write-sessions.ts CLAWDBOT CONFIG. Messages arrive by several ways, and each gets an entry and a transcript by
// the package's own functions: twenty sessions. Prints their keys and ids as JSON.
import { readFileSync, writeSync } from "node:fs";
import { reachFunctions } from "./reach-functions.ts";
import { reachSessions } from "./reach-sessions.ts";

const [folder = "", config = ""] = process.argv.slice(2);
const reached = await reachFunctions(folder, [
  "initSessionState",
  "resolveAgentRoute",
  "formatInboundEnvelope",
  "buildGroupLabel",
  "buildSenderLabel",
  "prepareSessionManagerForRun",
]);
const sessions = await reachSessions(folder);
const cfg = JSON.parse(readFileSync(config, "utf8"));

type Way = { channel: string; kind: "dm" | "group"; id: string; from: string };
const person = (id: number) => ({ first_name: "Ada", username: "ada", id });
const ways: Way[] = [
  ...[700, 701, 702, 703].map(
    (id): Way => ({
      channel: "telegram",
      kind: "dm",
      id: `${id}`,
      from: reached.buildSenderLabel({ from: person(id) }, id),
    }),
  ),
  ...Array.from({ length: 14 }, (_, index): Way => {
    const id = -1_002_003_000 - index;
    const chat = { title: `Made-up kitchen ${index}` };
    return {
      channel: "telegram",
      kind: "group",
      id: `${id}`,
      from: reached.buildGroupLabel({ from: person(700), chat }, id),
    };
  }),
  { channel: "whatsapp", kind: "dm", id: "+15550001111", from: "+15550001111" },
  { channel: "whatsapp", kind: "group", id: "120363000000000000@g.us", from: "120363000000000000@g.us" },
];

const written: Record<string, string> = {};
for (const { channel, kind, id, from } of ways) {
  const { sessionKey } = reached.resolveAgentRoute({ cfg, channel, accountId: "default", peer: { kind, id } });
  const name = channel === "telegram" ? "Telegram" : "WhatsApp";
  const chatType = kind === "dm" ? "direct" : "group";
  const sender = { name: "Ada", id: kind === "dm" ? id : "700" };
  const at = new Date(Date.now() - 600_000);
  const text = reached.formatInboundEnvelope({
    channel: name,
    from,
    chatType,
    body: "Good evening.",
    timestamp: at,
    sender,
  });
  const to = `${channel}:${id}`;
  const ctx = {
    ...{ Body: text, SessionKey: sessionKey, Provider: channel, Surface: channel, OriginatingChannel: channel },
    ...{ OriginatingTo: to, From: kind === "dm" ? to : `${channel}:group:${id}`, To: to, AccountId: "default" },
    ...{ ChatType: chatType, SenderId: sender.id },
  };
  const { sessionEntry, sessionId } = await reached.initSessionState({ cfg, ctx, commandAuthorized: true });
  const manager = sessions.open(sessionEntry.sessionFile);
  await reached.prepareSessionManagerForRun({
    ...{ sessionManager: manager, sessionFile: sessionEntry.sessionFile, hadSessionFile: false },
    ...{ sessionId, cwd: cfg.agents.defaults.workspace },
  });
  const reply = { role: "assistant", content: [{ type: "text", text: "Good evening to you." }], stopReason: "stop" };
  manager.appendMessage({ role: "user", content: [{ type: "text", text }], timestamp: at.getTime() });
  manager.appendMessage({ ...reply, provider: "anthropic", model: "claude-example-1", timestamp: at.getTime() + 1000 });
  written[sessionKey] = sessionId;
}
writeSync(1, JSON.stringify(written));
process.exit(0);

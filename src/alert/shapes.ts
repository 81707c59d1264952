import type { Message } from "./message.ts";

/** What is sent to a web address. */
export type WebRequest = { url: URL; headers: Record<string, string>; body: string };

/** Forms of a message that products expect. */
type Shape = "slack" | "discord" | "ntfy" | "telegram" | "json";

/** Discord and Telegram refuse longer ones, Slack cuts them, ntfy makes a file of them (that one counts bytes). */
const LIMITS = { slack: 4000, discord: 2000, ntfy: 4096, telegram: 4096 };

/** A message in the form that its address expects: by its host, or by `#slack`, `#discord`, `#ntfy` or `#telegram` at its end. */
export function shapeFor(address: string, message: Message): WebRequest {
  const url = new URL(address);
  const shape = shapeOf(url);
  if (shape === "ntfy") return { url, headers: ntfyHeaders(message), body: ntfyBody(message) };
  const body = JSON.stringify(BODIES[shape](message, url));
  return { url, headers: { "content-type": "application/json" }, body };
}

function shapeOf({ hash, hostname, pathname }: URL): Shape {
  const named = /^#(slack|discord|ntfy|telegram)$/.exec(hash)?.[1];
  if (named !== undefined) return named as Shape;
  if (/^hooks\.slack(-gov)?\.com$/.test(hostname)) return "slack";
  if (/(^|\.)discord(app)?\.com$/.test(hostname) && /^\/api\/(v\d+\/)?webhooks\//.test(pathname)) return "discord";
  if (hostname === "api.telegram.org") return "telegram";
  return hostname.startsWith("ntfy.") ? "ntfy" : "json";
}

const BODIES: Record<Exclude<Shape, "ntfy">, (message: Message, url: URL) => unknown> = {
  slack: ({ title, text }) => ({ text: fenced(`*${escaped(title)}*`, escaped(text), LIMITS.slack) }),
  discord: ({ title, text }) => ({ content: fenced(`**${title}**`, text, LIMITS.discord) }),
  telegram({ title, text }, { searchParams }) {
    const chat = searchParams.get("chat_id");
    return { ...(chat === null ? {} : { chat_id: chat }), text: shortened(`${title}\n\n${text}`, LIMITS.telegram) };
  },
  json: (message) => message,
};

/** Of Slack's own signs: what would be a link, or call somebody. */
function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** A title above a block of code, in which nothing is taken for markup and nobody is called. */
function fenced(title: string, text: string, limit: number): string {
  const room = limit - title.length - "\n```\n\n```".length;
  return shortened(`${title}\n\`\`\`\n${shortened(text.replaceAll("```", "'''"), Math.max(0, room))}\n\`\`\``, limit);
}

const GAP = "\n…\n";

/** Cut out of the middle: what was found comes first, what can be done about it last. */
function shortened(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const room = Math.max(0, limit - GAP.length);
  const head = Math.ceil(room * 0.6);
  const [before, after] = [text.slice(0, head), text.slice(text.length - (room - head))];
  return `${before.replace(/[\uD800-\uDBFF]$/, "")}${GAP}${after.replace(/^[\uDC00-\uDFFF]/, "")}`;
}

function ntfyHeaders({ title, kind, state }: Message): Record<string, string> {
  const isOpen = state === "open";
  const tag = isOpen ? (kind === "failure" ? "rotating_light" : "warning") : "white_check_mark";
  return {
    "content-type": "text/plain; charset=utf-8",
    title: headerSafe(title),
    priority: isOpen ? "high" : "default",
    tags: `${tag},session-keeper`,
  };
}

function ntfyBody({ text }: Message): string {
  let body = shortened(text, LIMITS.ntfy);
  while (Buffer.byteLength(body) > LIMITS.ntfy) body = shortened(text, body.length - 1 - GAP.length);
  return body;
}

/** One line of ASCII; anything else is encoded as in the headers of mails (RFC 2047), which ntfy reads. */
function headerSafe(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  return /^[\x20-\x7e]*$/.test(line) ? line : `=?UTF-8?B?${Buffer.from(line).toString("base64")}?=`;
}

import { asRow, asRows, asText, type Row } from "../dialects/dialect.ts";
import { openclaw } from "../dialects/openclaw.ts";
import { hasLoneSurrogate } from "../structure/read-rows.ts";
import { parseRow } from "../transcript/contents.ts";
import type { Gatherer, KeptRow, Reply } from "./gather.ts";
import { keepLastLines } from "./last-lines.ts";
import { gatherWords, textsOf } from "./words.ts";

/** Rows that say something for all that follows; of custom rows just this kind. */
const SNAPSHOT = "model-snapshot";
const SETTINGS = ["model_change", "thinking_level_change", "session_info", SNAPSHOT];
/** What the gateway asks in the user's name. */
const INJECTED =
  /^\(continue\)\s*$|Read HEARTBEAT\.md if it exists|\[OpenClaw heartbeat poll\]|^Pre-compaction memory flush|^A new session was started via \/new or \/reset/;
const FIRST_TREE_VERSION = 2;

const quoted = (word: string) => Buffer.from(`"${word}"`);
const NEEDLES = {
  parent: quoted("parentId"),
  header: quoted("session"),
  compaction: quoted("compaction"),
  user: quoted("user"),
  assistant: quoted("assistant"),
  text: quoted("text"),
  call: quoted("toolCall"),
  plan: quoted("update_plan"),
};
const SETTING_NEEDLES = SETTINGS.map(quoted);
/** Settings are short; what is longer is something else. */
const SETTING_BYTES = 4096;

/** Takes the rows of OpenClaw. */
export function gatherOpenClaw(): Gatherer {
  const words = gatherWords();
  const settings = new Map<string, KeptRow>();
  const chain = keepLastLines();
  let header: Buffer | undefined;
  let lastReply: Reply | undefined;

  const takeRow = (row: Row, line: Buffer, at: number) => {
    const message = asRow(row.message);
    if (row.type === "compaction") words.summary(asText(row.summary));
    if (row.type === "message" && message.role === "user") {
      const said = textsOf(message.content).join("\n");
      if (said.trim() !== "" && !INJECTED.test(said)) words.request(said, row.timestamp);
    }
    if (row.type === "message" && message.role === "assistant") {
      for (const { id, name, arguments: input } of asRows(message.content)) words.todos().call(id, name, asRow(input));
      const text = finishedText(row);
      if (text !== undefined && !hasLoneSurrogate(line)) lastReply = { bytes: Buffer.from(line), text, at };
    }
    const kind = String(row.type === "custom" ? row.customType : row.type);
    if (SETTINGS.includes(kind) && asText(row.id) && !hasLoneSurrogate(line))
      settings.set(kind, { bytes: Buffer.from(line), at });
  };

  return {
    take(line, at) {
      // one that stands too late will do: in the digest it comes first
      if (header === undefined && line.includes(NEEDLES.header)) {
        const row = parseRow(line);
        const { role, pointsTo, version = 0 } = row ? openclaw.shapeOf(row) : {};
        if (role === "header" && pointsTo !== undefined && version >= FIRST_TREE_VERSION) header = Buffer.from(line);
      }
      if (!line.includes(NEEDLES.parent)) return;
      chain.take(line);
      if (!mayMatter(line)) return;
      const row = parseRow(line);
      if (row) takeRow(row, line, at);
    },
    facts() {
      const lastAt = chain.newestFirst().flatMap(({ timestamp }) => asText(timestamp) ?? [])[0];
      return {
        ...words.kept(),
        ...(header ? { header } : {}),
        ...(lastReply ? { lastReply } : {}),
        ...(lastAt === undefined ? {} : { lastAt }),
        keptRows: [...settings.values()].toSorted((a, b) => a.at - b.at),
        surroundings: {},
      };
    },
  };
}

function mayMatter(line: Buffer): boolean {
  if (line.includes(NEEDLES.user) || line.includes(NEEDLES.compaction)) return true;
  if (line.includes(NEEDLES.assistant))
    return line.includes(NEEDLES.call) ? line.includes(NEEDLES.plan) : line.includes(NEEDLES.text);
  return line.length <= SETTING_BYTES && SETTING_NEEDLES.some((needle) => line.includes(needle));
}

/** The words of a reply of the model's own that called nothing and came to its end; its thoughts may stand beside them. */
function finishedText(row: Row): string | undefined {
  const { id, isVoid, isMirror, isErrorReport, isAside, calls } = openclaw.shapeOf(row);
  if (id === undefined || isVoid || isMirror || isErrorReport || isAside || calls.length > 0) return undefined;
  const text = textsOf(asRow(row.message).content).join("\n\n");
  return text.trim() === "" || !Array.isArray(asRow(row.message).content) ? undefined : text;
}

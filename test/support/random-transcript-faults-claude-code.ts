import type { Random } from "./random.ts";
import type { TranscriptRow } from "./random-transcript.ts";
import {
  after,
  contentOf,
  type Entry,
  type FaultKind,
  hungOn,
  idOf,
  idsIn,
  putAfter,
  putBefore,
  putOnPath,
  type Site,
  text,
} from "./random-transcript-site.ts";

const withBlocks = ({ row }: Entry, content: unknown[]) =>
  text({ ...row, message: { ...(row?.message as TranscriptRow), content } });
const toolId = (random: Random, prefix = "toolu_01") => `${prefix}${random.letters(22)}`;
const orphan = (id: string) => ({ tool_use_id: id, type: "tool_result", content: "ok" });
const call = (id: string) => ({ type: "tool_use", id, name: "Read", input: { file_path: "a.md" } });

/** A new row of the main line. */
function newRow({ next }: Site, id: string, parent: string, type: string, message: object): TranscriptRow {
  const { isSidechain, userType, cwd, sessionId, version, timestamp } = next.row ?? {};
  return { parentUuid: parent, isSidechain, userType, cwd, sessionId, version, type, message, uuid: id, timestamp };
}

function putRow(site: Site, random: Random, message: object, kind: string, ids: string[]): boolean {
  const id = random.uuid();
  const parent = idOf(site, site.path.at(-1) as Entry);
  const type = "role" in message && message.role === "user" ? "user" : "assistant";
  return putOnPath(site, id, newRow(site, id, parent, type, message), kind, ids);
}

const userOf = (content: unknown[]) => ({ role: "user", content });
const replyOf = (random: Random, content: unknown[]) => ({
  model: "claude-opus-4-6",
  id: `msg_01${random.letters(22)}`,
  type: "message",
  role: "assistant",
  content,
});

/** Rows whose results are all they hold. */
const resultRows = (site: Site) =>
  site.path.filter(
    (entry) => entry.row?.type === "user" && idsIn(entry).results.length === 1 && contentOf(entry).length === 1,
  );
const callRows = (site: Site) => site.path.filter((entry) => contentOf(entry).some(({ type }) => type === "tool_use"));

/** A block of a tool of the API, as one more row of a reply. */
function putIntoReply(site: Site, random: Random, block: object, kind: string, ids: string[]): boolean {
  const replies = site.path.filter(({ row }) => row?.type === "assistant" && row.requestId !== undefined);
  const reply = random.pick(replies);
  const child = reply && after(site, reply);
  if (!reply || !child) return false;
  const id = random.uuid();
  const message = { ...(reply.row?.message as TranscriptRow), content: [block] };
  const row = newRow(site, id, idOf(site, reply), "assistant", message);
  putBefore(site, child, { damaged: text(row), repaired: undefined, findings: [{ kind, ids }] });
  child.damaged = hungOn(site, child, id);
  return true;
}

/** A second result in a row of its own; nothing hangs on it, or what follows does. */
function putSecondResult(site: Site, random: Random, isOnPath: boolean): boolean {
  const results = resultRows(site);
  if (results.length === 0) return false;
  const result = random.pick(results);
  const child = after(site, result);
  const id = random.uuid();
  const parentUuid = isOnPath ? idOf(site, result) : result.row?.parentUuid;
  const second: Entry = {
    damaged: text({ ...result.row, parentUuid, uuid: id }),
    repaired: undefined,
    findings: [{ kind: "duplicate-result", ids: idsIn(result).results }],
  };
  if (!isOnPath) putAfter(site, result, second);
  else if (!child) return false;
  else {
    putBefore(site, child, second);
    child.damaged = hungOn(site, child, id);
  }
  return true;
}

/** Blocks put into a row, which a repair takes out again. */
function putBlocks(entry: Entry | undefined, content: unknown[], kind: string, ids: string[]): boolean {
  if (!entry) return false;
  entry.damaged = withBlocks(entry, content);
  entry.findings.push({ kind, ids });
  return true;
}

export const claudeCodeFaults: readonly FaultKind[] = [
  {
    name: "orphaned-result",
    inject: (site, random) => {
      const id = toolId(random);
      return putRow(site, random, userOf([orphan(id)]), "orphaned-result", [id]);
    },
  },
  {
    name: "orphaned-result on which nothing hangs",
    inject: (site, random) => {
      const id = toolId(random);
      const row = newRow(site, random.uuid(), idOf(site, random.pick(site.path)), "user", userOf([orphan(id)]));
      putBefore(site, site.next, {
        damaged: text(row),
        repaired: undefined,
        findings: [{ kind: "orphaned-result", ids: [id] }],
      });
      return true;
    },
  },
  {
    name: "orphaned-result beside text",
    inject: (site, random) => {
      const [prompt] = site.path;
      const blocks = prompt ? contentOf(prompt) : [];
      if (blocks.length === 0) return false;
      const id = toolId(random);
      const content = random.chance(0.5) ? [orphan(id), ...blocks] : [...blocks, orphan(id)];
      return putBlocks(prompt, content, "orphaned-result", [id]);
    },
  },
  {
    name: "orphaned-result of a tool of the API",
    inject: (site, random) => {
      const id = toolId(random, "srvtoolu_01");
      const block = { type: "web_search_tool_result", tool_use_id: id, content: [] };
      return putIntoReply(site, random, block, "orphaned-result", [id]);
    },
  },
  {
    name: "unanswered-call of a tool of the API",
    inject: (site, random) => {
      const id = toolId(random, "srvtoolu_01");
      const block = { type: "server_tool_use", id, name: "web_search", input: {} };
      return putIntoReply(site, random, block, "unanswered-call", [id]);
    },
  },
  {
    name: "unanswered-call",
    inject: (site, random) => {
      const id = toolId(random);
      return putRow(site, random, replyOf(random, [call(id)]), "unanswered-call", [id]);
    },
  },
  {
    name: "duplicate-call",
    inject: (site, random) => {
      const entry = random.pick(callRows(site));
      const block = entry && contentOf(entry).find(({ type }) => type === "tool_use");
      return (
        block !== undefined && putRow(site, random, replyOf(random, [block]), "duplicate-call", [String(block.id)])
      );
    },
  },
  {
    name: "duplicate-call in the same row",
    inject: (site, random) => {
      const entry = random.pick(callRows(site));
      const block = entry && contentOf(entry).find(({ type }) => type === "tool_use");
      return (
        block !== undefined && putBlocks(entry, [...contentOf(entry), block], "duplicate-call", [String(block.id)])
      );
    },
  },
  { name: "duplicate-result", inject: (site, random) => putSecondResult(site, random, true) },
  { name: "duplicate-result on which nothing hangs", inject: (site, random) => putSecondResult(site, random, false) },
  {
    name: "duplicate-result in the same row",
    inject: (site, random) => {
      const entry = random.pick(resultRows(site));
      return (
        entry !== undefined &&
        putBlocks(entry, [...contentOf(entry), ...contentOf(entry)], "duplicate-result", idsIn(entry).results)
      );
    },
  },
];

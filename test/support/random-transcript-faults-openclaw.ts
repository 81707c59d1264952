import type { Random } from "./random.ts";
import type { TranscriptRow } from "./random-transcript.ts";
import {
  after,
  type Entry,
  type FaultKind,
  hungOn,
  idOf,
  idsIn,
  parentOf,
  putBefore,
  putOnPath,
  type Site,
  text,
} from "./random-transcript-site.ts";

const messageOf = ({ row }: Entry) => (row?.message ?? {}) as TranscriptRow;
const toolId = (random: Random) => `toolu_01${random.letters(22)}`;
const call = (id: string) => ({ type: "toolCall", id, name: "read", arguments: { path: "a.md" } });
const resultOf = (id: string) => ({
  role: "toolResult",
  toolCallId: id,
  toolName: "read",
  content: [{ type: "text", text: "ok" }],
  isError: false,
});
const replyOf = (content: object[], stopReason = "toolUse") => ({
  role: "assistant",
  content,
  api: "anthropic-messages",
  provider: "anthropic",
  model: "claude-opus-4-6",
  stopReason,
});

const newRow = ({ next }: Site, id: string, parent: string, message: object): TranscriptRow => ({
  type: "message",
  id,
  parentId: parent,
  timestamp: next.row?.timestamp,
  message,
});

function putRow(site: Site, random: Random, message: object, kind: string, ids?: string[]): boolean {
  const id = random.hex(8);
  const parent = idOf(site, site.path.at(-1) as Entry);
  return putOnPath(site, id, newRow(site, id, parent, message), kind, ids ?? [id]);
}

export const openClawFaults: readonly FaultKind[] = [
  {
    name: "orphaned-result",
    inject: (site, random) => {
      const id = toolId(random);
      return putRow(site, random, resultOf(id), "orphaned-result", [id]);
    },
  },
  {
    name: "orphaned-result that names no call",
    inject: (site, random) => putRow(site, random, resultOf(""), "orphaned-result", []),
  },
  {
    name: "orphaned-result of a turn that failed",
    inject: (site, random) => {
      const end = site.path.at(-1);
      if (!end || parentOf(site, site.next) !== idOf(site, end)) return false;
      const [failed, result, id] = [random.hex(8), random.hex(8), toolId(random)];
      const reply = text(newRow(site, failed, idOf(site, end), replyOf([call(id)], random.pick(["error", "aborted"]))));
      putBefore(
        site,
        site.next,
        { damaged: reply, repaired: reply, findings: [] },
        {
          damaged: text(newRow(site, result, failed, resultOf(id))),
          repaired: undefined,
          findings: [{ kind: "orphaned-result", ids: [id] }],
        },
      );
      site.next.damaged = hungOn(site, site.next, result);
      site.next.repaired = hungOn(site, site.next, failed);
      return true;
    },
  },
  {
    name: "unanswered-call",
    inject: (site, random) => {
      const id = toolId(random);
      return putRow(site, random, replyOf([call(id)]), "unanswered-call", [id]);
    },
  },
  {
    name: "unanswered-call that was never finished",
    inject: (site, random) => {
      const id = toolId(random);
      const block = { ...call(id), arguments: {}, partialJson: '{"pa' };
      return putRow(site, random, replyOf([block]), "unanswered-call", [id]);
    },
  },
  {
    name: "duplicate-call",
    inject: (site, random) => {
      const entry = random.pick(
        site.path.filter((one) => idsIn(one).calls.length > 0 && messageOf(one).stopReason === "toolUse"),
      );
      if (!entry) return false;
      const content = messageOf(entry).content as TranscriptRow[];
      const block = random.pick(content.filter(({ type }) => type === "toolCall"));
      entry.damaged = text({ ...entry.row, message: { ...messageOf(entry), content: [...content, block] } });
      entry.findings.push({ kind: "duplicate-call", ids: [String(block.id)] });
      return true;
    },
  },
  {
    name: "duplicate-result",
    inject: (site, random) => {
      const result = random.pick(site.path.filter((entry) => idsIn(entry).results.length > 0));
      const child = result && after(site, result);
      if (!child) return false;
      const id = random.hex(8);
      putBefore(site, child, {
        damaged: text({ ...result.row, id, parentId: idOf(site, result) }),
        repaired: undefined,
        findings: [{ kind: "duplicate-result", ids: idsIn(result).results }],
      });
      child.damaged = hungOn(site, child, id);
      return true;
    },
  },
  {
    name: "broken-line without a role",
    inject: (site, random) => {
      const content = [{ type: "text", text: "ok" }];
      return putRow(
        site,
        random,
        random.pick([{ content }, { role: null, content }, { role: " ", content }]),
        "broken-line",
      );
    },
  },
  {
    name: "blank-text",
    inject: (site, random) => {
      const content = random.pick(["", " \n", [], [{ type: "text", text: " " }]]);
      return putRow(site, random, { role: "user", content }, "blank-text");
    },
  },
];

import type { Random } from "./random.ts";
import { links, type RandomTranscript, type TranscriptRow } from "./random-transcript.ts";
import {
  after,
  contentOf,
  type Entry,
  type FaultKind,
  hungOn,
  idOf,
  idsIn,
  isNamedOnlyIn,
  linesOf,
  loneCalls,
  parentOf,
  putBefore,
  rowBefore,
  text,
} from "./random-transcript-site.ts";

/** The beginning of a line that a write broke off in, as it reads: a cut within a character leaves U+FFFD. */
function brokenOff(line: string, random: Random): string {
  const bytes = Buffer.from(line);
  return bytes.subarray(0, random.integer(1, bytes.length - 1)).toString();
}

/** A row whose beginning is all that was written. */
export function tornTail({ rows, dialect }: RandomTranscript, random: Random): string {
  const { id } = links[dialect];
  const line = text({ ...rows.findLast((row) => row[id] !== undefined), [id]: random.uuid() });
  return brokenOff(line, random);
}

/** Moves the header behind the first row; false where the format has none. */
export function moveHeader(entries: Entry[]): boolean {
  const [header, first] = entries;
  if (header?.row?.type !== "session" || !first) return false;
  entries.splice(2, 0, { damaged: header.damaged, repaired: undefined, findings: [] });
  header.damaged = undefined;
  first.findings.push({ kind: "missing-header", ids: [] });
  return true;
}

const brokenChain: FaultKind = {
  name: "broken-chain",
  inject: (site, random) => {
    const end = site.path.at(-1);
    if (!end || parentOf(site, site.next) !== idOf(site, end) || rowBefore(site, site.next) !== end) return false;
    const missing = site.transcript.dialect === "openclaw" ? random.hex(8) : random.uuid();
    site.next.damaged = hungOn(site, site.next, missing);
    site.next.findings.push({ kind: "broken-chain", ids: [idOf(site, site.next), missing] });
    return true;
  },
};

const loneSurrogate: FaultKind = {
  name: "lone-surrogate",
  inject: (site, random) => {
    const entry = random.pick(site.path);
    const { content } = (entry.row?.message ?? {}) as TranscriptRow;
    const blocks = contentOf(entry);
    const at = blocks.findIndex((block) => typeof block.text === "string");
    if (typeof content !== "string" && at < 0) return false;
    const half = (value: unknown) => `${value} ${random.pick(["\ud83d", "\udc4d"])} `;
    const halved =
      typeof content === "string" ? half(content) : blocks.with(at, { ...blocks[at], text: half(blocks[at]?.text) });
    entry.damaged = text({ ...entry.row, message: { ...(entry.row?.message as TranscriptRow), content: halved } });
    entry.repaired = entry.damaged.replace(/\\ud83d|\\udc4d/, "\\ufffd");
    entry.findings.push({ kind: "lone-surrogate", ids: [] });
    return true;
  },
};

/** What is left of a line that cannot be read any more; it still begins like one. */
function spoil(line: string, random: Random): string {
  return random.chance(0.5) ? line.replace('":', '"#') : brokenOff(line, random);
}

const brokenLine: FaultKind = {
  name: "broken-line",
  inject: (site, random) => {
    const candidates = site.path.flatMap((entry) => {
      const child = after(site, entry);
      const before = rowBefore(site, entry);
      const { calls, results } = idsIn(entry);
      if (!child || calls.length + results.length > 0 || rowBefore(site, child) !== entry) return [];
      const isBridged = before !== undefined && parentOf(site, entry) === idOf(site, before);
      return isBridged && isNamedOnlyIn(site, entry, [child]) ? [{ entry, child }] : [];
    });
    if (candidates.length === 0) return false;
    const { entry, child } = random.pick(candidates);
    child.repaired = hungOn(site, child, parentOf(site, entry));
    Object.assign(entry, { damaged: spoil(entry.damaged ?? "", random), repaired: undefined });
    entry.findings.push({ kind: "broken-line", ids: [] });
    return true;
  },
};

const brokenCallLine: FaultKind = {
  name: "broken-line of a call",
  inject: (site, random) => {
    const candidates = loneCalls(site).filter(({ call, result }) => {
      const before = rowBefore(site, call);
      return before && parentOf(site, call) === idOf(site, before) && rowBefore(site, result) === call;
    });
    if (candidates.length === 0) return false;
    const { call, result, child, id } = random.pick(candidates);
    child.repaired = hungOn(site, child, parentOf(site, call));
    Object.assign(call, { damaged: spoil(call.damaged ?? "", random), repaired: undefined });
    call.findings.push({ kind: "broken-line", ids: [] });
    result.repaired = undefined;
    result.findings.push({ kind: "orphaned-result", ids: [id] });
    return true;
  },
};

/** The result's row is gone, and what hung on it hangs on the call. */
const lostResult: FaultKind = {
  name: "unanswered-call whose result is gone",
  inject: (site, random) => {
    const candidates = loneCalls(site);
    if (candidates.length === 0) return false;
    const { call, result, child, id } = random.pick(candidates);
    const message = call.row?.message as TranscriptRow & { content: TranscriptRow[] };
    const content = message.content.filter((block) => block.id !== id);
    const isEmptied = content.every(({ type }) => type === "thinking");
    site.entries.splice(site.entries.indexOf(result), 1);
    child.damaged = hungOn(site, child, idOf(site, call));
    child.repaired = isEmptied ? hungOn(site, child, parentOf(site, call)) : child.damaged;
    call.repaired = isEmptied ? undefined : text({ ...call.row, message: { ...message, content } });
    call.findings.push({ kind: "unanswered-call", ids: [id] });
    return true;
  },
};

const strayValue: FaultKind = {
  name: "broken-line that is no object",
  inject: (site, random) => {
    const damaged = random.pick(["null", "[]", '"x"', "17", "true", "[{}]", "Killed", "}", '{"type":"user",}']);
    putBefore(site, site.next, { damaged, repaired: undefined, findings: [{ kind: "broken-line", ids: [] }] });
    return true;
  },
};

const gluedLine: FaultKind = {
  name: "glued-line",
  inject: (site, random) => {
    const entry = random.pick(linesOf(site).slice(0, -1));
    if (!entry) return false;
    entry.isGlued = true;
    entry.findings.push({ kind: "glued-line", ids: [] });
    return true;
  },
};

const tornAndWhole: FaultKind = {
  name: "glued-line with a torn beginning",
  inject: (site, random) => {
    const entry = random.pick(linesOf(site));
    entry.damaged = tornTail(site.transcript, random) + entry.damaged;
    entry.findings.push({ kind: "glued-line", ids: [] });
    return true;
  },
};

const nulRun: FaultKind = {
  name: "nul-run",
  inject: (site, random) => {
    const entry = random.pick(linesOf(site));
    const line = entry.damaged ?? "";
    const at = random.pick([0, 0, line.length, random.integer(0, line.length)]);
    entry.damaged = line.slice(0, at) + "\0".repeat(random.size(1, 9000)) + line.slice(at);
    entry.findings.push({ kind: "nul-run", ids: [] });
    return true;
  },
};

const nulLine: FaultKind = {
  name: "nul-run for a line",
  inject: (site, random) => {
    const damaged = "\0".repeat(random.size(1, 9000));
    putBefore(site, site.next, { damaged, repaired: undefined, findings: [{ kind: "nul-run", ids: [] }] });
    return true;
  },
};

export const commonFaults: readonly FaultKind[] = [
  ...[brokenChain, loneSurrogate, brokenLine, brokenCallLine, lostResult],
  ...[strayValue, gluedLine, tornAndWhole, nulRun, nulLine],
];

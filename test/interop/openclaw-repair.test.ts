import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { age } from "../support/home.ts";
import { keeper } from "../support/keeper.ts";
import type { Opened } from "./open-transcript.ts";
import { installOpenClaw } from "./packages.ts";
import type { ContextMessage } from "./reach-sessions.ts";
import { copyState, runScript } from "./state.ts";

const VERSIONS = ["2026.2.9", "2026.6.11"];
const HOUR_MS = 3_600_000;
/** What both releases pass over without losing anything, until the next row is appended to it. */
const PASSED_OVER = new Set([
  "broken-line-stray",
  "header-behind-garbage",
  "line-number",
  "line-string",
  "nul-run-line",
  "nul-run-tail",
  "torn-tail",
  "torn-tail-newline",
  "v1-broken-line",
]);

const fixtures = join(import.meta.dirname, "..", "..", "fixtures", "damaged", "openclaw");
const cases = readdirSync(fixtures)
  .filter((name) => name.endsWith(".repaired.jsonl"))
  .map((name) => name.slice(0, -".repaired.jsonl".length));

let root: string;
const mended = (name: string) => join(root, "mended", `${name}.jsonl`);

beforeAll(async () => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "keeper-interop-repair-")));
  const files = copyDamaged(join(root, "mended"));
  const options = ["--archive-dir", join(root, "archives"), "--state-dir", join(root, "state")];
  const run = await keeper(["detect-corruption", ...files, "--repair", ...options, "--json"], { HOME: root });
  // 1 as well: the transcript whose rejection no reply has followed yet keeps that finding
  expect([0, 1], run.stderr).toContain(run.status);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

test.for(cases)("%s is mended to the bytes that its fixture says", (name) => {
  expect(readFileSync(mended(name), "utf8")).toBe(readFileSync(join(fixtures, `${name}.repaired.jsonl`), "utf8"));
});

describe.each(VERSIONS)("OpenClaw %s", (version) => {
  test.for(cases)(
    "%s: the mended transcript opens with every message, in an order that the API takes",
    async (name, { skip }) => {
      const opened = await openAll(version);
      if ("missing" in opened) return skip(opened.missing);
      if (version === "2026.2.9" && hasLeafRows(name)) return skip("this release knows no leaf rows");
      const after = opened.mended.get(name) as Opened;
      expect(troublesOf(after, name)).toEqual([]);
      if ("error" in after) return;
      const whole = readFileSync(mended(name), "utf8");
      expect(after.context.map(essence)).toEqual(conversationIn(whole).map(essence));
      if (!isRewritten(whole)) expect(after.file).toBe(whole);
      expect(after.withNext.slice(0, -1).map(essence)).toEqual(after.context.map(essence));
      expect(after.withNext.at(-1)).toMatchObject({
        role: "user",
        content: [{ type: "text", text: "Are you there?" }],
      });
    },
  );
});

test.for(cases.filter((name) => !PASSED_OVER.has(name)))(
  "%s troubled one of the releases before",
  async (name, { skip }) => {
    const found: string[] = [];
    for (const version of VERSIONS) {
      const opened = await openAll(version);
      if ("missing" in opened) return skip(opened.missing);
      found.push(...troublesOf(opened.damaged.get(name) as Opened, name));
    }
    expect(found).not.toEqual([]);
  },
);

type OpenedFiles = { damaged: Map<string, Opened>; mended: Map<string, Opened> };
const opened = new Map<string, Promise<OpenedFiles | { missing: string }>>();

/** Every damaged and every mended transcript, opened by a release in a state of its own. */
function openAll(version: string): Promise<OpenedFiles | { missing: string }> {
  const known = opened.get(version) ?? openWith(version);
  opened.set(version, known);
  return known;
}

async function openWith(version: string): Promise<OpenedFiles | { missing: string }> {
  const openclaw = await installOpenClaw(version);
  if ("missing" in openclaw) return openclaw;
  const state = copyState(version);
  try {
    const damaged = copyDamaged(join(state.openclaw, "agents", "damaged", "sessions"));
    const folder = join(state.openclaw, "agents", "mended", "sessions");
    mkdirSync(folder, { recursive: true });
    const whole = cases.map((name) => join(folder, `${name}.jsonl`));
    for (const [index, name] of cases.entries()) copyFileSync(mended(name), whole[index] ?? "");
    const printed = await runScript("open-transcript.ts", openclaw, state, ...damaged, ...whole);
    const results = printed
      .trimEnd()
      .split("\n")
      .map((line): Opened => JSON.parse(line));
    const named = (from: number) => new Map(cases.map((name, index) => [name, results[from + index] as Opened]));
    return { damaged: named(0), mended: named(cases.length) };
  } finally {
    state.remove();
  }
}

/** @returns the copies, in the order of the cases; what lies beside a transcript comes along */
function copyDamaged(folder: string): string[] {
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(fixtures)) {
    if (/\.(?:repaired\.jsonl|expected\.json)$/.test(name)) continue;
    copyFileSync(join(fixtures, name), join(folder, name));
    // nothing that is being written any more
    age(join(folder, name), HOUR_MS);
  }
  return cases.map((name) => join(folder, `${name}.jsonl`));
}

/** What a turn would suffer from this context; nothing when it is whole and the API would take it. */
function troublesOf(opened: Opened, name: string): string[] {
  if ("error" in opened) return [`cannot be opened: ${opened.error}`];
  const { context, file } = opened;
  const kept = new Set(context.map(essence));
  const lost = conversationIn(readFileSync(join(fixtures, `${name}.repaired.jsonl`), "utf8")).filter(
    (message) => !kept.has(essence(message)),
  );
  const text = JSON.stringify(context);
  return [
    ...lost.map((message) => `out of the context: ${message.role}`),
    ...(file.trim().split("\n").length < 2 ? ["emptied"] : []),
    ...pairingFaults(context),
    ...(/\\ud[89a-f]/.test(text.replaceAll("\\\\", "")) ? ["half of a character"] : []),
    ...context.filter(isBlank).map(() => "a blank message"),
    ...context
      .filter(({ role }) => typeof role !== "string" || role.trim() === "")
      .map(() => "a message without a role"),
  ];
}

type Block = { type: string; id?: string; text?: string; partialJson?: string };

const blocksOf = ({ content }: ContextMessage) => (Array.isArray(content) ? (content as Block[]) : []);
const callsOf = (message: ContextMessage) =>
  blocksOf(message).filter(({ type }) => ["toolCall", "toolUse", "functionCall"].includes(type));
const resultIdOf = ({ toolCallId, toolUseId }: ContextMessage) => String(toolCallId ?? toolUseId ?? "");

/**
 * What the API refuses in a conversation: the results of a turn follow its calls at once, one for each; every id is used
 * once; and a call that was never finished is none. Turns that were broken off are not sent. The calls of the last turn may still run.
 */
function pairingFaults(context: readonly ContextMessage[]): string[] {
  const faults: string[] = [];
  const seen = new Set<string>();
  const sent = context.filter(({ stopReason }) => stopReason !== "error" && stopReason !== "aborted");
  let open: string[] = [];
  for (const message of sent) {
    if (message.role === "toolResult") {
      const id = resultIdOf(message);
      if (!open.includes(id)) faults.push(`a result without a call: ${id}`);
      open = open.filter((other) => other !== id);
      continue;
    }
    faults.push(...open.map((id) => `a call without a result: ${id}`));
    open = message.role === "assistant" ? callsOf(message).map(({ id = "" }) => id) : [];
    faults.push(
      ...open.filter((id, index) => seen.has(id) || open.indexOf(id) < index).map((id) => `used twice: ${id}`),
    );
    for (const id of open) seen.add(id);
    if (callsOf(message).some(({ partialJson }) => partialJson !== undefined))
      faults.push("a call that was never finished");
    const last = message.role === "assistant" ? blocksOf(message).at(-1) : undefined;
    if (last?.type === "thinking") faults.push("a message that ends in a thought");
  }
  return faults;
}

function isBlank(message: ContextMessage): boolean {
  const { role, content } = message;
  if (role !== "user") return false;
  if (typeof content === "string") return content.trim() === "";
  return blocksOf(message).every(({ type, text }) => type === "text" && text?.trim() === "");
}

type Row = {
  type: string;
  id?: string;
  message?: ContextMessage;
  summary?: string;
  customType?: string;
  content?: unknown;
};

/**
 * The conversation that a whole transcript holds: its rows in their order, the compaction first. What is no longer part of it
 * says so in the fixtures: its text begins with "Aside".
 */
function conversationIn(file: string): ContextMessage[] {
  const rows = file
    .trimEnd()
    .split("\n")
    .map((line): Row => JSON.parse(line));
  const sent = rows.filter((row) => !/"(?:text|summary|content)":"Aside: /.test(JSON.stringify(row)));
  const messages = sent.flatMap((row): ContextMessage[] => {
    if (row.type === "message") return row.message ? [row.message] : [];
    if (row.type === "branch_summary") return [{ role: "branchSummary", summary: row.summary }];
    if (row.type === "custom_message") return [{ role: "custom", customType: row.customType, content: row.content }];
    return [];
  });
  const compactions = sent
    .filter(({ type }) => type === "compaction")
    .map(({ summary }) => ({ role: "compactionSummary", summary }));
  return [...compactions, ...messages];
}

/** A message by what is sent of it. Releases give another role to hooks' messages, and words to a turn that failed. */
function essence({ role, content, summary, toolCallId, toolUseId, stopReason }: ContextMessage): string {
  const said = stopReason === "error" ? "failed" : (content ?? summary);
  return JSON.stringify([role === "hookMessage" ? "custom" : role, said, toolCallId ?? toolUseId]);
}

/** Whether a release changes the file although nothing is broken: older formats, and (6.11) a failed turn without words. */
function isRewritten(file: string): boolean {
  return !file.startsWith('{"type":"session","version":3,') || /"content":\[\],[^\n]*"stopReason":"error"/.test(file);
}

function hasLeafRows(name: string): boolean {
  return readFileSync(mended(name), "utf8").includes('{"type":"leaf",');
}

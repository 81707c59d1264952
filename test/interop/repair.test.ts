import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { age } from "../support/home.ts";
import { keeperJson } from "../support/keeper.ts";
import type { Message } from "./claude-code/messages-api.ts";
import { rejectionsOf } from "./claude-code/rejections.ts";
import { resume } from "./claude-code/resume.ts";
import { missingIn, saidIn } from "./claude-code/said.ts";
import { takeTurns } from "./claude-code/take-turns.ts";
import { installClaudeCode } from "./packages.ts";

const RELEASES = ["2.0.76", "2.1.50", "2.1.112", "2.1.329"] as const;
const SESSION = "5e551011-0bad-4cab-8f00-0000000000a1";
const IDLE_MS = 600_000;
/** More than releases from 2.1.69 on read whole (5 MiB). */
const BIG = 6 * 1024 * 1024;
const fixtures = join(import.meta.dirname, "..", "..", "fixtures", "damaged", "claude-code");

/**
 * What a release makes of a transcript. `refused`: it sends what the API answers 400 to; `loses`: something that is not
 * damaged is missing in the request; `whole`: all of that is there.
 */
type Outcome = "refused" | "loses" | "whole";
/** `before`: for each release, null where the case says nothing. */
type Case = {
  name: string;
  before: readonly (Outcome | null)[];
  /** behind so many rows of metadata that releases from 2.1.69 on read the file in another way */
  isBig?: true;
  /** how what no release sends begins, because of a defect that cannot be mended */
  neverSent?: string;
};

const CASES: readonly Case[] = [
  { name: "orphaned-result", before: ["refused", "whole", "whole", "whole"] },
  { name: "orphaned-result-first-message", before: ["refused", "refused", "whole", "whole"] },
  { name: "orphaned-result-beside-good", before: ["refused", "whole", "whole", "whole"] },
  { name: "orphaned-result-after-boundary", before: ["refused", "refused", "whole", "whole"] },
  { name: "orphaned-result-preserved-head", before: [null, null, "whole", "whole"] },
  { name: "orphaned-result-preserved-tail", before: [null, null, "whole", "whole"] },
  { name: "orphaned-result-last", before: ["refused", "whole", "whole", "whole"] },
  { name: "server-result-without-call", before: ["refused", "refused", "refused", "refused"] },
  { name: "server-call-without-result", before: ["refused", "refused", "whole", "whole"] },
  { name: "unanswered-call", before: ["whole", "whole", "whole", "whole"] },
  { name: "unanswered-call-beside-answered", before: ["whole", "whole", "whole", "whole"] },
  { name: "duplicate-call", before: ["refused", "refused", "whole", "whole"] },
  { name: "duplicate-call-one-result", before: ["refused", "refused", "loses", "loses"] },
  { name: "duplicate-call-side-branch", before: ["whole", "whole", "whole", "whole"] },
  { name: "duplicate-result-other-row", before: ["refused", "refused", "whole", "whole"] },
  { name: "duplicate-result-side-branch", before: ["loses", "loses", "whole", "whole"] },
  { name: "torn-tail", before: ["whole", "whole", "whole", "whole"] },
  { name: "torn-then-glued", before: ["loses", "loses", "loses", "loses"] },
  { name: "glued-line", before: ["loses", "loses", "loses", "loses"] },
  { name: "broken-line", before: ["loses", "loses", "loses", "loses"] },
  { name: "broken-line-held-call", before: ["refused", "loses", "loses", "loses"] },
  { name: "broken-chain-close", before: ["loses", "loses", "whole", "whole"] },
  { name: "line-null", before: ["whole", "loses", "loses", "whole"] },
  { name: "line-null-before-boundary", before: ["whole", "loses", "loses", "whole"] },
  { name: "line-array", before: ["whole", "whole", "whole", "whole"] },
  { name: "nul-line", before: ["whole", "whole", "whole", "whole"] },
  { name: "nul-line", isBig: true, before: ["whole", "whole", "loses", "whole"] },
  { name: "debris-before-boundary", isBig: true, before: [null, null, "loses", null] },
  { name: "nul-before-row", before: ["loses", "loses", "loses", "loses"] },
  { name: "nul-behind-row", before: ["loses", "loses", "loses", "whole"] },
  { name: "lone-surrogate", before: ["refused", "refused", "refused", "whole"] },
  { name: "many", neverSent: "This session is being continued", before: ["refused", "refused", "refused", "loses"] },
];

const twoAtATime = takeTurns(2);
const begun = new Map<string, Promise<unknown>>();

describe.each(RELEASES)("Claude Code %s", (version) => {
  for (const each of CASES) {
    const expected = each.before[RELEASES.indexOf(version)];
    if (!expected) continue;
    test.concurrent(`${titleOf(each)}: ${expected} before the repair, whole after it`, async ({ skip, expect }) => {
      const claude = await once(version, () => installClaudeCode(version));
      if ("missing" in claude) return skip(claude.missing);
      const repaired = await repairOnce(each);
      expect(repaired.equals(contentOf(each, "jsonl")), "nothing was mended").toBe(false);
      const said = saidIn(repaired).filter((piece) => !each.neverSent || !piece.startsWith(each.neverSent));
      const judge = async (transcript: Buffer) => {
        const run = () => twoAtATime(() => resume(claude, transcript, SESSION));
        const messages = await once(`${version} ${transcript.toString("latin1")}`, run);
        return { outcome: outcomeOf(messages, said), messages };
      };
      expect(await judge(contentOf(each, "jsonl"))).toMatchObject({ outcome: expected });
      expect(await judge(repaired)).toMatchObject({ outcome: "whole" });
    });
  }
});

test.each(CASES.filter(({ name }) => existsSync(pathOf(name, "repaired.jsonl"))))(
  "$name: the repair leaves what the fixture says",
  async (each) => {
    const repaired = await repairOnce(each);
    expect(repaired.equals(contentOf(each, "repaired.jsonl"))).toBe(true);
  },
);

function outcomeOf(messages: readonly Message[], said: readonly string[]): Outcome {
  if (rejectionsOf(messages).length > 0) return "refused";
  return missingIn(messages, said).length > 0 ? "loses" : "whole";
}

/** Lets the built program mend a copy of the fixture, to which nobody has written for a while. */
function repairOnce(each: Case): Promise<Buffer> {
  return once(`repair ${titleOf(each)}`, async () => {
    const root = mkdtempSync(join(tmpdir(), "keeper-repair-"));
    try {
      // not the id that is resumed, or it would be in use
      const [file, archive, state] = [join(root, `${randomUUID()}.jsonl`), join(root, "archive"), join(root, "state")];
      for (const folder of [archive, state]) mkdirSync(folder);
      writeFileSync(file, contentOf(each, "jsonl"), { mode: 0o600 });
      age(file, IDLE_MS);
      const options = ["--repair", "--archive-dir", archive, "--state-dir", state];
      await keeperJson(["detect-corruption", file, ...options], { HOME: root });
      return readFileSync(file);
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  });
}

function contentOf({ name, isBig }: Case, extension: string): Buffer {
  const content = readFileSync(pathOf(name, extension));
  return isBig ? Buffer.concat([padding(), content]) : content;
}

function padding(): Buffer {
  const row = {
    type: "file-history-snapshot",
    messageId: "",
    snapshot: { trackedFileBackups: { ["x".repeat(60_000)]: 1 } },
  };
  const line = `${JSON.stringify(row)}\n`;
  return Buffer.from(line.repeat(Math.ceil(BIG / line.length)));
}

function pathOf(name: string, extension: string): string {
  return join(fixtures, `${name}.${extension}`);
}

function titleOf({ name, isBig }: Case): string {
  return isBig ? `${name}, in a big file` : name;
}

function once<T>(name: string, make: () => Promise<T>): Promise<T> {
  const promise = (begun.get(name) as Promise<T> | undefined) ?? make();
  begun.set(name, promise);
  return promise;
}

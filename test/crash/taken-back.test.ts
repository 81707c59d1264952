import { appendFileSync, existsSync, readdirSync, readFileSync, truncateSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { applyPlan } from "../../src/apply/apply.ts";
import { recoverSetAside } from "../../src/apply/recover.ts";
import { type Disk, openDisk } from "../../src/disk/disk.ts";
import type { Job, Step } from "../../src/plan/plan.ts";
import { addClaudeSession, archivesIn, type Home, makeHome, unzip } from "../support/home.ts";
import { toolsFor } from "../support/sidecars.ts";
import { linesOf } from "./scene.ts";

let home: Home;
let path: string;
beforeEach(() => {
  home = makeHome();
  path = addClaudeSession(home, { bytes: 200_000 }).path;
});
afterEach(() => home.remove());

const row = (uuid: string) => `{"type":"user","uuid":"${uuid}","message":{"role":"user","content":"say ${uuid}"}}\n`;

/** Claude Code takes the last rows back, in place, and goes on: with less, as much or more than it took. */
function takeBack(rows: number, anew: number): void {
  const lines = readFileSync(path, "utf8").split(/(?<=\n)/);
  truncateSync(path, Buffer.byteLength(lines.slice(0, -rows).join("")));
  appendFileSync(path, Array.from({ length: anew }, (_, index) => row(`NEW${index}`)).join(""));
}

/** A forced job of an archive and what shortens the file. `between`: what happens once the archive is made. */
async function shorten(kind: Step["kind"], { disk, between }: { disk?: Disk; between?: () => void }) {
  const tools = await toolsFor(home, "run", disk);
  const transcript = tools.installation.transcripts.find((one) => one.path === path);
  if (!transcript) throw new Error("the session is not found");
  const { journal } = tools;
  tools.journal = {
    write(event, facts = {}) {
      journal.write(event, facts);
      if (event === "end" && facts.kind === "archive-transcript") between?.();
    },
  };
  const purpose = kind === "digest-transcript" ? "digest" : kind === "empty-transcript" ? "empty" : "remove";
  const job: Job = {
    ...{ transcript, findings: [], force: true, prunes: [], needsRestart: false },
    steps: [{ kind: "archive-transcript", transcript, reason: "manual", purpose }, { kind, transcript } as Step],
  };
  for await (const { outcomes } of applyPlan({ jobs: [job], spared: [] }, tools)) return outcomes.at(-1);
  return undefined;
}

/** Every line that was in the file is in it, or in an archive; nothing of ours is left beside. */
function expectNothingLost(before: string): void {
  const live = existsSync(path) ? [readFileSync(path)] : [];
  const kept = new Set([...live, ...archivesIn(home.claude).map(unzip)].flatMap(linesOf));
  expect(linesOf(Buffer.from(before)).filter((line) => !kept.has(line))).toEqual([]);
  expect(readdirSync(dirname(path)).filter((name) => name.includes("session-keeper"))).toEqual([]);
}

const KINDS = ["digest-transcript", "empty-transcript", "remove-transcript"] as const;
const ANEW = [
  ["fewer bytes", 1],
  ["more bytes", 200],
] as const;

test.for(KINDS.flatMap((kind) => ANEW.map(([what, anew]) => [kind, what, anew] as const)))(
  "forced, a %s lets a file alone whose rows were taken back since the archive and %s were written",
  async ([kind, , anew]) => {
    let now = "";
    const between = () => {
      takeBack(3, anew);
      now = readFileSync(path, "utf8");
    };
    const outcome = await shorten(kind, { between });
    expect(outcome).toMatchObject({
      result: "changed-since-plan",
      because: "it was written to in the meantime",
    });
    expect(readFileSync(path, "utf8")).toBe(now);
    expectNothingLost(now);
  },
);

test.for(KINDS)("forced, a %s still takes what was only appended along", async (kind) => {
  let now = "";
  const between = () => {
    appendFileSync(path, row("LATE"));
    now = readFileSync(path, "utf8");
  };
  expect(await shorten(kind, { between })).toMatchObject({ result: "done" });
  expect(existsSync(path)).toBe(kind !== "remove-transcript");
  expectNothingLost(now);
});

test.for(KINDS)("a %s sees it up to the very moment in which the name changes hands", async (kind) => {
  const disk = openDisk();
  const { rename, setTimes } = disk;
  let now = "";
  const once = () => {
    if (now !== "") return;
    takeBack(3, 200);
    now = readFileSync(path, "utf8");
  };
  disk.setTimes = (of, mtimeMs) => {
    if (of.endsWith(".draft")) once();
    setTimes.call(disk, of, mtimeMs);
  };
  disk.rename = (from, to) => {
    if (from === path) once();
    rename.call(disk, from, to);
  };
  expect(await shorten(kind, { disk })).toMatchObject({ result: "changed-since-plan" });
  expect(readFileSync(path, "utf8")).toBe(now);
  expectNothingLost(now);
});

test("what is given back to a program that went on in a new file is brought home by the next run", async () => {
  const disk = openDisk();
  const { rename } = disk;
  let isFirst = true;
  disk.rename = (from, to) => {
    if (isFirst) takeBack(3, 200);
    rename.call(disk, from, to);
    if (isFirst) appendFileSync(path, row("AFTER"));
    isFirst = false;
  };
  const before = readFileSync(path, "utf8");
  expect(await shorten("remove-transcript", { disk })).toMatchObject({ result: "changed-since-plan" });
  expect(await recoverSetAside(await toolsFor(home, "next"))).toEqual([]);
  const kept = linesOf(readFileSync(path));
  for (const name of ["NEW0", "NEW199", "AFTER"]) expect(kept).toContain(row(name).trimEnd());
  expect(archivesIn(join(home.claude, "session-archives")).map((one) => unzip(one).toString())).toEqual([before]);
});

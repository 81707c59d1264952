import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it, vi } from "vitest";
import { timesOf } from "../support/thoroughness.ts";
import { shortenInProcess } from "./in-process.ts";
import { leftovers, linesIn } from "./scene.ts";
import { historyOf, setShorteningScene } from "./shortening-scene.ts";

vi.setConfig({ testTimeout: 180_000 }); // many runs of the program, on a machine that may be slow

const CUTS = timesOf(160);

it(`${CUTS} cuts under a writer at full speed lose no line, and leave each in its place`, async () => {
  const scene = setShorteningScene("claude-code", "cut");
  const { session, home } = scene;
  writeFileSync(session.path, "");
  const stop = join(home.root, "stop");
  const script = join(import.meta.dirname, "write-conversation.cjs");
  const writer = spawn(process.execPath, [script, session.path, stop], { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  writer.stdout.on("data", (data) => (output += data));
  const ended = new Promise((resolve) => writer.once("close", resolve));
  try {
    let cuts = 0;
    for (let runs = 0; cuts < CUTS && runs < 6 * CUTS; runs += 1) {
      const { report } = await shortenInProcess(home, "cut");
      const last = report.actions.find(({ kind }) => kind === "cut-transcript");
      if (last?.result === "done") cuts += 1;
      else await sleep(50); // where the machine is busy, the writer needs time to write what is to be cut
    }
    expect(cuts).toBe(CUTS);
  } finally {
    writeFileSync(stop, "");
    await ended;
  }
  const written = Number(output.trim().split("\n").at(-1));
  const numbers = (await historyOf(session, home.args))
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line).number);
  const misplaced = numbers.findIndex((number, index) => number !== index);
  expect(misplaced, `of ${numbers.length} lines, ${written} written`).toBe(-1);
  expect(numbers.length).toBe(written);
  expect(linesIn(session.path).length).toBeLessThan(written);
  expect(leftovers(home)).toEqual([]);
  home.remove();
});

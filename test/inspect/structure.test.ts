import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { defaults } from "../../src/config/defaults.ts";
import type { Settings } from "../../src/config/settings.ts";
import { lookAt } from "../../src/disk/fingerprint.ts";
import { isSeen } from "../../src/inspect/seen.ts";
import { lookAtStructure } from "../../src/inspect/structure.ts";
import type { Transcript } from "../../src/installation/installation.ts";
import type { Cursor } from "../../src/state/cursors.ts";
import { writeTranscript } from "../support/transcript-generator.ts";

const settings = defaults as unknown as Settings;
const folder = mkdtempSync(join(tmpdir(), "inspect-"));
afterAll(() => rmSync(folder, { recursive: true }));

function transcriptAt(path: string): Transcript {
  const seen = lookAt(path);
  if (!seen) throw new Error(`${path} is gone`);
  return { dialect: "claude-code", path, sessionId: "s", group: "g", entries: [], inWorkspace: true, ...seen };
}

/** Replays a transcript as a program writes it: open, append, close; many a row in two parts. */
const WRITER = `
  const fs = require("node:fs");
  const [from, to] = process.argv.slice(1);
  const rows = fs.readFileSync(from, "latin1").split("\\n").slice(0, -1);
  const write = (at) => {
    if (at >= rows.length) return;
    const bytes = Buffer.from(rows[at] + "\\n", "latin1");
    const cut = at % 3 === 0 ? Math.floor(bytes.length * ((at * 7) % 10) / 10) : bytes.length;
    fs.appendFileSync(to, bytes.subarray(0, cut));
    setTimeout(() => {
      if (cut < bytes.length) fs.appendFileSync(to, bytes.subarray(cut));
      setTimeout(() => write(at + 1), 1);
    }, cut < bytes.length ? 3 : 0);
  };
  write(0);
`;

test("a thousand looks at the file of a running writer raise no alarm", { timeout: 120_000 }, async () => {
  const [source, live] = [join(folder, "source.jsonl"), join(folder, "live.jsonl")];
  writeTranscript(source, { dialect: "claude-code", bytes: 6_000_000, boundaries: 4, seed: 11 });
  writeFileSync(live, "");
  const writer = spawn(process.execPath, ["-e", WRITER, source, live], { stdio: "ignore" });
  let cursor: Cursor | undefined;
  let unsettled = 0;
  for (let sample = 0; sample < 1000; sample += 1) {
    const transcript = transcriptAt(live);
    // every second one goes on from the one before
    cursor = await lookAtStructure(transcript, sample % 2 === 0 ? undefined : cursor, { settings });
    if (cursor.isUnsettled) unsettled += 1;
    expect(cursor.damages.filter(({ place }) => place !== "last-turn")).toEqual([]);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  writer.kill();
  expect(unsettled, "looks that met a row in the middle of its being written").toBeGreaterThan(0);
});

test("a look at what has not changed, or only grew, tells the same as a look at the whole", async () => {
  const path = join(folder, "grown.jsonl");
  writeTranscript(path, { dialect: "claude-code", bytes: 900_000, boundaries: 3, orphans: 2, seed: 3 });
  const whole = readFileSync(path);
  const cut = whole.lastIndexOf("\n", whole.length - 50_000) + 1;
  writeFileSync(path, whole.subarray(0, cut));
  const first = await lookAtStructure(transcriptAt(path), undefined, { settings });
  expect(isSeen(transcriptAt(path), first)).toBe(true);
  writeFileSync(path, whole);
  expect(isSeen(transcriptAt(path), first)).toBe(false);
  const second = await lookAtStructure(transcriptAt(path), first, { settings });
  expect(second).toEqual(await lookAtStructure(transcriptAt(path), undefined, { settings }));
});

test("another file under the same name, or one that was rewritten, is looked at from its beginning", async () => {
  const path = join(folder, "replaced.jsonl");
  writeTranscript(path, { dialect: "claude-code", bytes: 300_000, boundaries: 2, seed: 4 });
  const first = await lookAtStructure(transcriptAt(path), undefined, { settings });
  writeTranscript(path, { dialect: "claude-code", bytes: 400_000, boundaries: 1, orphans: 1, seed: 5 });
  const second = await lookAtStructure(transcriptAt(path), first, { settings });
  expect(second).toEqual(await lookAtStructure(transcriptAt(path), undefined, { settings }));
  expect(second.damages).toHaveLength(1);
});

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openDisk } from "../../src/disk/disk.ts";
import { acquireRunLock, type RunLock } from "../../src/locks/run-lock.ts";
import { addClaudeSession, boundEntry, type Home, makeHome, writeRegistry } from "../support/home.ts";
import { keeper } from "../support/keeper.ts";
import { hasTerminal, onTerminal, screenOf } from "../support/terminal.ts";

const BAR = "waiting for another run to end  0:01";

let home: Home;
let lock: RunLock;

/** A home with work to do, which another run keeps locked. */
beforeEach(async () => {
  home = makeHome();
  const { sessionId } = addClaudeSession(home, { bytes: 5000 });
  writeRegistry(home, { "agent:main:main": boundEntry(sessionId) });
  const options = { waitMs: 0, onCompromised: () => undefined };
  lock = await acquireRunLock(openDisk(), home.state, [home.openclaw, home.claude], options);
});
afterEach(async () => {
  await lock.release();
  home.remove();
});

const rotate = (...more: string[]) => ["rotate", "--max-size", "2KB", "--wait", "1.5s", ...more, ...home.args];

describe.skipIf(!hasTerminal)("while something takes longer than a second", () => {
  test("a terminal shows it, and nothing of it is left in the end", async () => {
    const { status, text } = await onTerminal(rotate());
    expect(text).toContain(BAR);
    expect(screenOf(text).join("\n")).not.toContain("waiting for");
    expect(screenOf(text).join("\n")).toContain("another session-keeper run");
    expect(status).toBe(75);
  });

  test("Ctrl-C ends it without a trace", async () => {
    const { status, text } = await onTerminal(rotate("--wait", "30s"), { stopAt: BAR });
    expect(status).toBe(130);
    expect(screenOf(text).join("\n")).not.toContain("waiting for another");
  });

  test("with --json or --quiet, on a dumb terminal, and off a terminal there is nothing of the kind", async () => {
    const [{ stdout, stderr }, ...others] = await Promise.all([
      keeper(rotate("--verbose")),
      onTerminal(rotate("--json")),
      onTerminal(rotate("--quiet")),
      onTerminal(rotate("--verbose"), { env: { TERM: "dumb" } }),
    ]);
    for (const text of [stdout + stderr, ...others.map((one) => one.text)]) {
      expect(text).toContain("another session-keeper run");
      expect(text).not.toContain("waiting for another");
    }
  });
});

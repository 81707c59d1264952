import { chmodSync, existsSync, mkdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { giveTo, isRoot, OWNER } from "../crash/rotate-as.ts";
import { addOpenClawSession, type Home, makeHome, writeRegistry } from "../support/home.ts";
import { keeper, keeperJson } from "../support/keeper.ts";

const BIG = 3_000_000;
const DAY = 86_400_000;

let home: Home;
beforeEach(() => {
  home = makeHome();
});
afterEach(() => home.remove());

describe.skipIf(!isRoot)("where a directory that the bot's user may not read stands in the place of a lock", () => {
  /** Two sessions that there is something to do about, and root's directory where the lock of the first goes. */
  function twoSessions(options: { bytes?: number; idleMs?: number }): { sealed: string; lock: string; free: string } {
    const [sealed, free] = [addOpenClawSession(home, options), addOpenClawSession(home, options)];
    const updatedAt = Date.now() - (options.idleMs ?? 300_000);
    writeRegistry(home, {
      "agent:main:main": { sessionId: sealed.sessionId, updatedAt },
      "agent:main:telegram:group:-5": { sessionId: free.sessionId, updatedAt },
    });
    giveTo(home, OWNER);
    const lock = `${sealed.path}.lock`;
    mkdirSync(lock);
    chmodSync(lock, 0o700);
    return { sealed: sealed.sessionId, lock, free: free.sessionId };
  }

  test.for([
    { command: "rotate", options: { bytes: BIG } },
    { command: "archive", options: { idleMs: 90 * DAY } },
  ])("$command leaves that session alone, says why, and sees to the others", async ({ command, options }) => {
    const { sealed, free } = twoSessions(options);
    const { installations } = await keeperJson([command, ...home.args]);
    expect(installations[0]?.failure).toBeUndefined();
    const actions = installations[0]?.actions ?? [];
    const busy = actions.filter(({ result }) => result === "busy");
    expect(busy).toMatchObject([
      { sessionId: sealed, message: "for the next run: its lock is a directory that this user may not read" },
    ]);
    const done = actions.filter(({ result }) => result === "done");
    expect(new Set(done.map(({ sessionId }) => sessionId))).toEqual(new Set([free]));
  });

  test("status and clean-locks tell of it, and an emergency takes it if it is empty", async () => {
    const { lock } = twoSessions({});
    const status = await keeperJson(["status", ...home.args]);
    expect(status.installations[0]?.failure).toBeUndefined();
    expect(status.installations[0]?.findings.map(({ kind, path }) => [kind, path])).toContainEqual([
      "lock-directory",
      lock,
    ]);
    const left = await keeperJson(["clean-locks", ...home.args]);
    expect(left.installations[0]?.spared).toMatchObject([{ because: "undecidable-lock", path: lock }]);
    mkdirSync(join(lock, "inside"));
    const filled = await keeper(["clean-locks", "--force", "--yes", ...home.args]);
    expect(filled.stdout).toContain("something lies in it");
    expect(existsSync(join(lock, "inside"))).toBe(true);
    rmdirSync(join(lock, "inside"));
    expect((await keeper(["clean-locks", "--force", "--yes", ...home.args])).status).toBe(0);
    expect(existsSync(lock)).toBe(false);
  });
});

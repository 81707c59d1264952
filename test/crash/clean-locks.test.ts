import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { makeHome, sessionsFolder, writeRegistry } from "../support/home.ts";
import { ago, payload, plantLock, startOwners } from "../support/locks.ts";
import { type Attempt, killAtEach, withoutRepetition } from "./kill-at-each.ts";

it("killed at any change, clean-locks leaves nothing behind that its next run does not clear away", async () => {
  const { gone, plain } = await startOwners();
  const prepare = (): Attempt => {
    const home = makeHome();
    writeRegistry(home, {});
    const folder = sessionsFolder(home);
    plantLock(join(folder, "stale.jsonl.lock"), payload({ pid: gone, createdAt: ago(0) }));
    plantLock(join(folder, "held.jsonl.lock"), payload({ pid: plain, createdAt: ago(0) }));
    plantLock(join(folder, "sessions.json.lock"), undefined, 3_600_000);
    return { home, args: ["clean-locks", ...home.args], nextArgs: ["clean-locks", ...home.args] };
  };
  await killAtEach({
    prepare,
    choose: withoutRepetition,
    checkAfterKill: ({ home }) => expect(readdirSync(sessionsFolder(home))).toContain("held.jsonl.lock"),
    checkAtEnd: ({ home }) =>
      expect(readdirSync(sessionsFolder(home)).sort()).toEqual(["held.jsonl.lock", "sessions.json"]),
  });
}, 120_000);

import { existsSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { recoverSetAside } from "../../src/apply/recover.ts";
import { draftPathFor } from "../../src/disk/left-behind.ts";
import { age, type Home, makeHome } from "../support/home.ts";
import { addSession, toolsFor } from "../support/sidecars.ts";

const HOUR_MS = 3_600_000;

let home: Home;
beforeEach(() => {
  home = makeHome();
});
afterEach(() => home.remove());

test.each(["claude-code", "openclaw"] as const)(
  "a draft beside a session of %s goes when it is old; a fresh one may be of another host",
  async (dialect) => {
    const { path } = addSession(home, dialect);
    const [old, fresh] = [draftPathFor(path), draftPathFor(path)];
    for (const draft of [old, fresh]) writeFileSync(draft, "half");
    age(old, 2 * HOUR_MS);
    expect(await recoverSetAside(await toolsFor(home, "run"))).toEqual([]);
    expect([existsSync(old), existsSync(fresh), existsSync(path)]).toEqual([false, true, true]);
  },
);

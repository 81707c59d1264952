import { existsSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { makeHome, sessionsFolder, writeRegistry } from "../support/home.ts";
import { written } from "../support/unregistered.ts";
import { addTalk, backupsOf, DAY, entryFor, registryPath } from "../support/validate.ts";
import { failAtEach } from "./fail-at-each.ts";
import { type FaultKind, worthFailing } from "./failing-disk.ts";
import { pretendItEnded, validateInProcess } from "./in-process.ts";
import { type Attempt, killAtEach, withoutRepetition } from "./kill-at-each.ts";
import { leftovers, type Scene } from "./scene.ts";

vi.setConfig({ testTimeout: 120_000 }); // many runs of the program, on a machine that may be slow

/**
 * A home whose registry is to be put right. `original`: null where there is none. `after`: what it ends as, with a name in place
 * of what is made by chance.
 */
type RegistryScene = Scene & { original: Buffer | null; after: Record<string, unknown> };

const FIRST = "agent:main:telegram:group:-1";
const LOST = "agent:main:telegram:group:-2";
const MENDED = "agent:main:telegram:group:-3";
const ERRAND = "agent:main:cron:a:run:b";
const CUT = "agent:main:telegram:group:-1002003004";
const CAME = "agent:main:whatsapp:group:120363000000000000@g.us";

function setRegistry(): RegistryScene {
  const home = makeHome();
  const [first, mended] = [addTalk(home), addTalk(home)];
  const came = addTalk(home, { messages: [written.whatsappGroup] });
  const sound = entryFor(first, { future: { kept: [1, null] } });
  const path = writeRegistry(home, {
    [FIRST]: sound,
    [ERRAND]: null,
    [LOST]: entryFor({ sessionId: "gone", lastAt: Date.now() - DAY }, { thinkingLevel: "high" }),
    [MENDED]: { ...entryFor(mended), totalTokens: "x" },
  });
  const after = {
    [FIRST]: sound,
    [LOST]: expect.objectContaining({ thinkingLevel: "high", systemSent: false }),
    [MENDED]: entryFor(mended),
    [CAME]: expect.objectContaining({ sessionId: came.sessionId, repaired: true }),
  };
  return { home, sessions: [], bystander: first.path, registry: {}, original: readFileSync(path), after };
}

/** A registry that broke off within its second entry. */
function breakRegistry(): RegistryScene {
  const home = makeHome();
  const [first, second] = [addTalk(home), addTalk(home, { messages: [written.telegramGroup] })];
  const sound = entryFor(first, { future: { kept: [1, null] } });
  const path = writeRegistry(home, { [FIRST]: sound, [CUT]: entryFor(second) });
  writeFileSync(path, readFileSync(path).subarray(0, -40));
  const after = { [FIRST]: sound, [CUT]: expect.objectContaining({ sessionId: second.sessionId, repaired: true }) };
  return { home, sessions: [], bystander: first.path, registry: {}, original: readFileSync(path), after };
}

/** A registry that a rewrite gave another name, and then broke off. */
function loseRegistry(): RegistryScene {
  const home = makeHome();
  const [first, second] = [addTalk(home), addTalk(home, { messages: [written.telegramGroup] })];
  const sound = entryFor(first, { future: { kept: [1, null] } });
  renameSync(writeRegistry(home, { [FIRST]: sound }), join(sessionsFolder(home), "sessions.json.bak.1770640000000"));
  const after = { [FIRST]: sound, [CUT]: expect.objectContaining({ sessionId: second.sessionId, repaired: true }) };
  return { home, sessions: [], bystander: first.path, registry: {}, original: null, after };
}

function isAsItWas({ home, original }: RegistryScene): boolean {
  if (!existsSync(registryPath(home))) return original === null;
  return original?.equals(readFileSync(registryPath(home))) === true;
}

/** The registry is as it was, or as it ends; what is called a copy of it is one. */
function expectBeforeOrAfter(scene: RegistryScene): void {
  const { home, original, after } = scene;
  if (!isAsItWas(scene)) expect(JSON.parse(readFileSync(registryPath(home), "utf8"))).toEqual(after);
  if (!isAsItWas(scene) || original) expect(statSync(registryPath(home)).mode & 0o777).toBe(0o600);
  for (const name of backupsOf(home))
    expect(original?.equals(readFileSync(join(sessionsFolder(home), name))), name).toBe(true);
}

function expectRepaired(scene: RegistryScene): void {
  expectBeforeOrAfter(scene);
  const { home, after } = scene;
  const now = JSON.parse(readFileSync(registryPath(home), "utf8"));
  expect(now).toEqual(after);
  expect(Object.keys(now)).toEqual(Object.keys(after));
  if (scene.original) expect(backupsOf(home).length).toBeGreaterThan(0);
  expect(backupsOf(home).length).toBeLessThanOrEqual(scene.original ? 2 : 0);
  // of a run that was killed just before it would have let go of the lock, the gateway takes it, or clean-locks
  expect(leftovers(home).filter((name) => !name.endsWith("/sessions.json.lock"))).toEqual([]);
}

const scenes = [
  ["whose entries are wrong", setRegistry],
  ["that broke off", breakRegistry],
  ["that is gone", loseRegistry],
] as const;

describe.each(scenes)("a registry %s", (_, prepare) => {
  it("is whole, as before or as after, whenever a repair of it is killed, and the next one finishes", async () => {
    type RegistryAttempt = Attempt & { scene: RegistryScene };
    await killAtEach<RegistryAttempt>({
      prepare: () => {
        const scene = prepare();
        const args = ["validate-registry", "--repair", ...scene.home.args];
        return { scene, home: scene.home, args, nextArgs: args };
      },
      // what a run does to its own state, and to the gateway's lock, is tried with every other command
      choose: (changes) =>
        withoutRepetition(changes).filter(({ path }) => path.includes("sessions.json") && !path.includes(".lock.")),
      checkAfterKill: ({ scene }) => expectBeforeOrAfter(scene),
      checkAtEnd: ({ scene }) => expectRepaired(scene),
    });
  });

  it.each<FaultKind>(["instead", "halfway", "afterwards"])(
    "is whole, as before or as after, whichever call of the disk fails, and the next repair finishes (the error comes %s)",
    async (kind) => {
      await failAtEach({
        kind,
        prepare,
        choose: (calls) => worthFailing(calls, kind).filter(({ path }) => !/\/state\/locks\/|\.lock\./.test(path)),
        attempt: async (scene, disk, failed) => {
          const disturbed = await validateInProcess(scene.home, disk);
          expectBeforeOrAfter(scene);
          if (isAsItWas(scene)) expect(disturbed.exitCode).toBe(3);
          if (kind === "instead" && isAsItWas(scene) && failed()?.name !== "remove")
            expect(leftovers(scene.home)).toEqual([]);
          pretendItEnded(scene.home.root);
          const healthy = await validateInProcess(scene.home);
          expect(healthy.report.failure).toBeUndefined();
          expect(healthy.exitCode).toBe(0);
          expectRepaired(scene);
        },
      });
    },
  );
});

import { appendFileSync, existsSync, readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { describe, expect, it, vi } from "vitest";
import {
  archivesIn,
  type Home,
  makeHome,
  readRegistryOf,
  sessionsFolder,
  unzip,
  writeRegistry,
} from "../support/home.ts";
import { keeperJson } from "../support/keeper.ts";
import {
  addBeside,
  afterMove,
  type Beside,
  bindTheGroup,
  entryAfterMove,
  GROUP,
  groupSession,
  movedTo,
} from "../support/strays.ts";
import { addTalk, entryFor, registryPath } from "../support/validate.ts";
import { failAtEach } from "./fail-at-each.ts";
import { type FaultKind, worthFailing } from "./failing-disk.ts";
import { pretendItEnded, resolveStraysInProcess } from "./in-process.ts";
import { type Attempt, type Change, killAtEach, withoutRepetition } from "./kill-at-each.ts";
import { leftovers, linesIn, linesOf } from "./scene.ts";

vi.setConfig({ testTimeout: 180_000 }); // many runs of the program, on a machine that may be slow

const MAIN = "agent:main:main";
const OTHER = "agent:work:main";

type MoveScene = {
  home: Home;
  stray: ReturnType<typeof groupSession>;
  beside: Beside[];
  main: Record<string, unknown>;
  work: Record<string, unknown>;
};

/** A session with all that belongs to it that has to go to an agent which has a registry already, or nothing yet. */
function setScene(hasRegistry: boolean): MoveScene {
  const home = makeHome({ version: "2026.4.15" });
  bindTheGroup(home);
  const stray = groupSession(home, "main", { thinkingLevel: "high", future: { kept: [1, null] } });
  const beside = addBeside(stray);
  const main = { [MAIN]: entryFor(addTalk(home)) };
  writeRegistry(home, { [`agent:main:${GROUP}`]: stray.entry, ...main });
  const work = hasRegistry ? { [OTHER]: entryFor(addTalk(home, { agent: "work" })) } : {};
  if (hasRegistry) writeRegistry(home, work, "work");
  return { home, stray, beside, main, work };
}

/** Every line is live or archived, and an entry leads to the whole conversation. */
function expectNoGap({ home, stray, beside, main, work }: MoveScene): void {
  const archives = archivesIn(home.root).map(unzip);
  const archived = new Set(archives.flatMap(linesOf));
  const places = [stray, ...beside].flatMap(({ path }) => [path, movedTo(home, "work", path)]);
  const live = new Set(places.flatMap(linesIn));
  for (const { path, original } of [stray, ...beside]) {
    const lost = linesOf(original).filter((line) => !archived.has(line) && !live.has(line));
    const isPacked = archives.some((bytes) => bytes.includes(original));
    expect(isPacked ? [] : lost, `lines of ${path} that are nowhere`).toEqual([]);
  }
  const registries: Record<string, Record<string, unknown>>[] = ["main", "work"].flatMap((agent) =>
    existsSync(registryPath(home, agent)) ? [readRegistryOf(home, agent)] : [],
  );
  const keys = [`agent:main:${GROUP}`, `agent:work:${GROUP}`];
  const leading = registries.flatMap((entries) => keys.flatMap((key) => (entries[key] ? [entries[key]] : [])));
  expect(leading.length, "entries of the session").toBeGreaterThan(0);
  for (const { sessionFile } of leading)
    expect(readFileSync(String(sessionFile)).equals(stray.original), `${sessionFile} is whole`).toBe(true);
  for (const entries of registries) {
    const { [`agent:main:${GROUP}`]: _, [`agent:work:${GROUP}`]: __, ...others } = entries;
    expect([main, work, {}]).toContainEqual(others);
  }
}

/** It lies with the other agent, with all that belongs to it, and nothing tells that a run was stopped. */
function expectMoved(scene: MoveScene): void {
  expectNoGap(scene);
  const { home, stray, beside, main, work } = scene;
  expect(readRegistryOf(home)).toEqual(main);
  expect(readRegistryOf(home, "work")).toEqual({
    ...work,
    [`agent:work:${GROUP}`]: entryAfterMove(home, "work", stray),
  });
  for (const file of [stray, ...beside]) {
    expect(existsSync(file.path), `${file.path} is gone`).toBe(false);
    expect(readFileSync(movedTo(home, "work", file.path)).toString()).toBe(afterMove(home, "work", file).toString());
  }
  const names = readdirSync(sessionsFolder(home)).filter((name) => name.startsWith(basename(stray.path, ".jsonl")));
  expect(names).toEqual([]);
  expect(leftovers(home).filter((name) => !name.endsWith("/sessions.json.lock"))).toEqual([]);
}

describe("a session that moves to an agent", () => {
  it("is nowhere torn, whenever the run is killed, and the next one finishes", async () => {
    await killAtEach<Attempt & { scene: MoveScene }>({
      prepare: () => {
        const scene = setScene(false);
        const args = ["validate-registry", "--repair", "--resolve-strays", ...scene.home.args];
        return { scene, home: scene.home, args, nextArgs: args };
      },
      choose: (changes) => oneOfAKind(withoutRepetition(changes), ({ what }) => what),
      checkAfterKill: ({ scene }) => expectNoGap(scene),
      checkAtEnd: ({ scene }) => expectMoved(scene),
    });
  });

  it.each<FaultKind>(["instead", "halfway", "afterwards"])(
    "is nowhere torn, whichever call of the disk fails, and the next run finishes (the error comes %s)",
    async (kind) => {
      await failAtEach({
        kind,
        prepare: () => setScene(kind !== "halfway"),
        choose: (calls) => oneOfAKind(worthFailing(calls, kind), ({ name }) => name),
        attempt: async (scene, disk) => {
          await resolveStraysInProcess(scene.home, disk);
          expectNoGap(scene);
          pretendItEnded(scene.home.root);
          const healthy = await resolveStraysInProcess(scene.home);
          expect(healthy.report.failure).toBeUndefined();
          expect(healthy.exitCode).toBe(0);
          expectMoved(scene);
        },
      });
    },
  );
});

describe("what is left of a session that a run was stopped in taking away", () => {
  const LATE = '{"type":"message","late":true}';

  it.each([true, false])("goes into the archive, late rows too (the session was moved: %s)", async (isMoved) => {
    await killAtEach<Attempt & { scene: MoveScene }>({
      prepare: () => {
        const scene = setScene(true);
        const { home, work } = scene;
        const own = isMoved ? undefined : groupSession(home, "work");
        if (own) writeRegistry(home, { ...work, [`agent:work:${GROUP}`]: own.entry }, "work");
        const args = ["validate-registry", "--repair", "--resolve-strays", ...home.args];
        return { scene, home, args, nextArgs: args };
      },
      choose: (changes) => withoutRepetition(changes).filter(isAfterTheEdit),
      checkAfterKill: ({ scene: { stray } }) => {
        // of a session that goes on nowhere else, it would be somebody who goes on with it
        if (isMoved && existsSync(stray.path)) appendFileSync(stray.path, `${LATE}\n`);
      },
      checkAtEnd: async ({ home, args, scene: { stray } }, { what, path }) => {
        const again = await keeperJson(args);
        expect(again.installations[0]?.findings).toEqual([]);
        expect(existsSync(stray.path)).toBe(false);
        const lines = archivesIn(home.root).map(unzip).flatMap(linesOf);
        expect(linesOf(stray.original).filter((line) => !lines.includes(line))).toEqual([]);
        if (isMoved && what === "renameSync" && path === stray.path) expect(lines).toContain(LATE);
      },
    });
  });
});

/** From when the entry is out of its registry until the file is gone. */
function isAfterTheEdit(change: Change, index: number, all: readonly Change[]): boolean {
  const edited = all.findIndex(
    ({ what, path }) => what === "renameSync" && /\/main\/sessions\/sessions\.json/.test(path),
  );
  return index > edited && change.path.includes("/main/sessions/") && !/\/sessions\.json|\.draft$/.test(change.path);
}

/** What a run does to its own state, to archives and to a lock is tried with every other command. */
function isOfTheMove(path: string): boolean {
  return /\/agents\//.test(path) && !/\.lock(?:\.|$)|\.bak-/.test(path);
}

/** What is done to files that are alike is tried with one of them. */
function oneOfAKind<Of extends { path: string }>(all: readonly Of[], whatOf: (one: Of) => string): Of[] {
  const kinds = new Map<string, Of>();
  for (const one of all.filter(({ path }) => isOfTheMove(path))) {
    const place = one.path.replace(/^.*\.openclaw/, "").replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "*");
    const kind = place.replace(/\.trajectory-path\.json|\.checkpoint\.\*\.jsonl/, ".trajectory.jsonl");
    if (!kinds.has(`${whatOf(one)} ${kind}`)) kinds.set(`${whatOf(one)} ${kind}`, one);
  }
  return [...kinds.values()];
}

import { mkdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { findContainerPaths, namesAnotherHost } from "../../src/installation/container-paths.ts";
import { findRegistries } from "../../src/installation/registries.ts";
import { addOpenClawSession, type Home, makeHome, writeRegistry } from "../support/home.ts";

const INSIDE = "/home/node/.openclaw";

function home(): Home {
  const made = makeHome();
  onTestFinished(made.remove);
  return made;
}

/** What is found out of a registry that names these files, of which some are there. */
function look(of: Home, named: readonly string[]) {
  const entries = named.map((sessionFile, index) => [
    `agent:main:direct:${index}`,
    { sessionId: `s${index}`, sessionFile },
  ]);
  writeRegistry(of, Object.fromEntries(entries));
  const config = { path: null, agents: [] };
  const registries = findRegistries(of.openclaw, config, {}, of.root, []);
  return {
    found: findContainerPaths(of.openclaw, config, registries),
    isForeign: namesAnotherHost(of.openclaw, registries),
  };
}

/** Transcripts that are there, as they would be named in another state folder. */
function filesIn(of: Home, state: string, count: number): string[] {
  return Array.from({ length: count }, () => addOpenClawSession(of).path.replace(of.openclaw, state));
}

const gone = (state: string, index: number) => `${state}/agents/main/sessions/gone${index}.jsonl`;

test("one foreign state folder, and at least half of what is named there lies here: that is our home", () => {
  const of = home();
  const named = filesIn(of, INSIDE, 2);
  const found = { from: "registries", paths: { [INSIDE]: of.openclaw } };
  expect(look(of, named)).toEqual({ found, isForeign: true });
  expect(look(of, [...named, gone(INSIDE, 1), gone(INSIDE, 2)]).found).toEqual(found);
  expect(look(of, [...named, gone(of.openclaw, 1)]).found).toEqual(found);
});

test("where it is not obvious, no paths are made up, but the processes count as foreign", () => {
  const of = home();
  const named = filesIn(of, INSIDE, 2);
  const nothing = { found: undefined, isForeign: true };
  expect(look(of, [...named, ...filesIn(of, "/home/claw/.openclaw", 1)])).toEqual(nothing);
  expect(look(of, [...named, gone(INSIDE, 1), gone(INSIDE, 2), gone(INSIDE, 3)])).toEqual(nothing);
  expect(look(of, [gone(INSIDE, 1)])).toEqual(nothing);
});

test("a home that was moved on this host, one that goes by two names, and a place that is there, are no container", () => {
  const of = home();
  const nothing = { found: undefined, isForeign: false };
  const moved = join(of.root, ".clawdbot");
  const named = filesIn(of, moved, 2);
  expect(look(of, named)).toEqual(nothing);
  symlinkSync(".openclaw", moved);
  expect(look(of, named)).toEqual(nothing);
  rmSync(moved);
  mkdirSync(moved);
  expect(look(of, named)).toEqual(nothing);
  expect(look(of, filesIn(of, of.openclaw, 2))).toEqual(nothing);
});

import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { missing, offeredByFish, typeInto } from "./shells.ts";

let folder: string;

/** A folder with one file and one folder, whose names need care. */
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "keeper-shell-")));
  writeFileSync(join(folder, "night session.jsonl"), "");
  mkdirSync(join(folder, "other home"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** What is typed, and what has to come of it. */
const TYPED = [
  ["session-keeper detec\t --rep\t", "detect-corruption --repair"],
  ["session-keeper restor\tverif\t--samp\t3", "restore verify --sample 3"],
  ["session-keeper rotate --strat\tdig\t--forc\t", "rotate --strategy digest --force"],
  ["session-keeper explain orph\t", "explain orphaned-result"],
  ["session-keeper detect-corruption nig\t", "detect-corruption night session.jsonl"],
  ["session-keeper rotate --openclaw-home o\t", "rotate --openclaw-home other home"],
  ["session-keeper restore list --color nev\t--reas\tlef\t", "restore list --color never --reason leftover"],
  ["session-keeper help valid\t", "help validate-registry"],
] as const;

test.for(["bash", "zsh"] as const)(
  "%s completes commands, verbs, options, their values, findings and files",
  async (shell, { skip }) => {
    const reason = missing(shell);
    if (reason) skip(reason);
    const got = await typeInto(
      shell,
      folder,
      TYPED.map(([line]) => line),
    );
    expect(got.map((words) => words.trim().replace(/\/$/, ""))).toEqual(TYPED.map(([, words]) => words));
  },
);

test("fish offers commands, verbs, options, their values, findings and files", ({ skip }) => {
  const reason = missing("fish");
  if (reason) skip(reason);
  const offered = offeredByFish(folder, [
    "session-keeper detec",
    "session-keeper restore ",
    "session-keeper restore verify --",
    "session-keeper rotate --strategy ",
    "session-keeper explain orph",
    "session-keeper detect-corruption ni",
    "session-keeper rotate --openclaw-home ",
    "session-keeper rotate ",
    "session-keeper help valid",
  ]);
  expect(offered[0]).toEqual(["detect-corruption"]);
  expect(offered[1]).toEqual(expect.arrayContaining(["get", "list", "undo", "verify"]));
  expect(offered[1]).not.toContain("rotate");
  expect(offered[2]).toEqual(expect.arrayContaining(["--all", "--sample", "--json", "--config"]));
  expect(offered[2]).not.toContain("--segment");
  expect(offered[3]).toEqual(["auto", "cut", "digest", "empty"]);
  expect(offered[4]).toEqual(["orphaned-result"]);
  expect(offered[5]).toEqual(["night session.jsonl"]);
  expect(offered[6]).toEqual(["other home/"]);
  expect(offered[7]).toEqual([]);
  expect(offered[8]).toEqual(["validate-registry"]);
});

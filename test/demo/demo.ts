/** Shows the main job on a home made on the spot: `npm run demo`, or `npm run demo -- --keep` to look around afterwards. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { archivesIn, readRegistryOf } from "../support/home.ts";
import { keeper } from "../support/keeper.ts";
import { makeScene } from "./scene.ts";

const NOTE_LINES = 12;
const BINDING_FIELDS = ["cliSessionBindings", "cliSessionIds", "claudeCliSessionId"];
const scene = makeScene();
const { home } = scene;
let bindings = 0;
const everyone = [scene.condemned, scene.oversized, scene.personal];

try {
  const originals = copySessions();
  const before = sizesNow();
  bindings = countBindings();
  tellScene();
  await look(before);
  await rotate();
  tellChanges(before, originals);
  await rotateAgain();
  compareArchives(originals);
} catch (error) {
  print("", `THE DEMO DID NOT GO AS IT SHOULD. Its scratch home is kept for a look: ${home.root}`, "");
  throw error;
}
if (process.argv.includes("--keep")) {
  print("The scratch home is kept, with the copies. Look around, or go on in it:", "");
  print(`  env -i PATH="$PATH" HOME=${home.root} node bin/session-keeper.js rotate --dry-run --verbose`);
  print(`  rm -r ${home.root}    removes it`);
} else {
  home.remove();
  print("The scratch home is removed again. To keep it and look around: npm run demo -- --keep");
}

function tellScene(): void {
  heading("session-keeper rotate, on a home made up for this demo");
  print(`The home is ${home.root}; none of your files are used.`);
  print("It replays what a bot went through on February 8, 2026, with the times moved to now. The bot has two");
  print("agents, and Sam uses Claude Code at the same place:", "");
  for (const { path, who, what } of everyone) print(`  ${size(statSync(path).size)}  ${who.padEnd(38)} ${what}`);
  print("", "The gateway's log. One line condemns a session: the one with FailoverError and is_error.", "");
  for (const line of readFileSync(home.log, "utf8").trimEnd().split("\n")) print(`  ${shortLine(line)}`);
}

async function look(before: Map<string, number>): Promise<void> {
  heading("1. Look: what would be done, and why");
  const { status } = await run("rotate", "--dry-run");
  assert.equal(status, 1, "a dry run that finds something ends with 1");
  assert.deepEqual(sizesNow(), before, "a dry run changes nothing");
  print("Exit code 1: something was found, and it is still there.");
}

async function rotate(): Promise<void> {
  heading("2. Do it");
  const { status } = await run("rotate");
  assert.equal(status, 0, "a run that dealt with everything ends with 0");
  print("Exit code 0: all that was found was dealt with.");
}

function tellChanges(before: Map<string, number>, originals: Map<string, string>): void {
  heading("3. What changed");
  const now = sizesNow();
  for (const { path, who } of everyone) print(`  ${size(before.get(path))} -> ${size(now.get(path))}  ${who}`);
  print("", `  registry fields that bind the agents to those sessions: ${bindings} before, ${countBindings()} now`);
  print(`  restarts of the gateway, for the rejected session: ${countRestarts()}`);
  print("", "  In the bot's memory it says:", "");
  const [note = ""] = readdirSync(join(home.workspace, "memory"));
  const lines = readFileSync(join(home.workspace, "memory", note), "utf8")
    .trimEnd()
    .split("\n");
  for (const line of lines.slice(0, NOTE_LINES)) print(`    ${line}`);
  if (lines.length > NOTE_LINES) print(`    … and ${lines.length - NOTE_LINES} more`);
  const broken = readFileSync(originals.get(scene.condemned.sessionId) ?? "", "utf8").split("\n");
  const mended = readFileSync(scene.condemned.path, "utf8").split("\n");
  assert.equal(mended.length, broken.length - 2, "the two rows that no call belongs to are gone, and no other");
  const [large, cut] = [before.get(scene.oversized.path) ?? 0, now.get(scene.oversized.path) ?? 0];
  assert.ok(cut > 1000 && cut < large / 3, "what the last compaction left behind is gone, and no more");
  assert.equal(now.get(scene.personal.path), before.get(scene.personal.path));
  assert.equal(countBindings(), bindings, "both sessions go on under their ids");
  assert.equal(countRestarts(), 1);
}

async function rotateAgain(): Promise<void> {
  heading("4. The next run finds nothing to do");
  const { status } = await run("rotate", "--verbose");
  assert.equal(status, 0);
  assert.equal(countRestarts(), 1, "a log line that was dealt with never acts again");
  print("Exit code 0, and no second restart. Without --verbose, cron hears nothing of such a run.");
}

function compareArchives(originals: Map<string, string>): void {
  heading("5. How to get a session back");
  print("Compared with copies that were made before:", "");
  const archives = archivesIn(join(home.claude, "session-archives"));
  assert.equal(archives.length, 2);
  const { condemned, oversized } = scene;
  const repaired = archives.find((archive) => basename(archive).startsWith(condemned.sessionId));
  const program = join(import.meta.dirname, "..", "..", "bin", "session-keeper.js");
  const full = `restore get ${oversized.sessionId} --full`;
  for (const [shown, command, { sessionId }] of [
    [`zcat ${repaired}`, `zcat ${repaired}`, condemned],
    [`session-keeper ${full}`, `'${process.execPath}' '${program}' ${full}`, oversized],
  ] as const) {
    const compare = ` \\\n      | cmp - ${originals.get(sessionId)} && echo the same, byte for byte`;
    const env = { PATH: process.env.PATH, ...scene.env };
    print(`  $ ${shown}${compare}`);
    print(`  ${execFileSync("sh", ["-c", `${command}${compare}`], { encoding: "utf8", env })}`, "");
  }
  print("An archive is plain gzip of the very bytes that went. --full puts a session's parts together again.", "");
}

/** Runs the program as the person at this home would, and prints what it says, word for word. */
async function run(...args: string[]): Promise<{ status: number | null }> {
  print(`$ session-keeper ${args.join(" ")}`, "");
  const { stdout, stderr, status } = await keeper(args, scene.env);
  for (const line of `${stdout}${stderr}`.trimEnd().split("\n")) print(`  ${line}`);
  print("");
  return { status };
}

/** @returns the copies by session id */
function copySessions(): Map<string, string> {
  const folder = join(home.root, "copies");
  mkdirSync(folder);
  return new Map(
    everyone.map(({ sessionId, path }) => {
      const copy = join(folder, basename(path));
      copyFileSync(path, copy);
      return [sessionId, copy];
    }),
  );
}

function sizesNow(): Map<string, number> {
  return new Map(everyone.map(({ path }) => [path, statSync(path).size]));
}

function countBindings(): number {
  const entries = ["main", "ops"].flatMap((agent) => Object.values(readRegistryOf(home, agent)));
  return entries.flatMap((entry) => BINDING_FIELDS.filter((field) => field in entry)).length;
}

function countRestarts(): number {
  return existsSync(scene.restarts) ? readFileSync(scene.restarts, "utf8").trimEnd().split("\n").length : 0;
}

function size(bytes = 0): string {
  const text = bytes < 1_000_000 ? `${Math.round(bytes / 1000)} KB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
  return (bytes === 0 ? "empty" : text).padStart(6);
}

/** A log line for the reader: the time of day, and the middle of a long one left out. */
function shortLine(line: string): string {
  const text = line.replace(/^\S+T(\d\d:\d\d:\d\d)\.\d+Z/, "$1Z").replaceAll('\\"', '"');
  return text
    .replace(/(provider "ollama"\.).*/, "$1 …")
    .replace(/ durationMs.*(error="FailoverError: ).*("is_error":true).*/, " $1… $2 …");
}

function heading(text: string): void {
  print("", text, "-".repeat(text.length), "");
}

function print(...lines: string[]): void {
  for (const line of lines) process.stdout.write(`${line.trimEnd()}\n`);
}

import { spawn } from "node:child_process";
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, onTestFinished, test } from "vitest";
import { configure } from "../support/configure.ts";
import { addClaudeSession, boundEntry, type Home, makeHome, writeRegistry } from "../support/home.ts";
import { keeperJson } from "../support/keeper.ts";

let home: Home;
afterEach(() => home?.remove());

/** A condemned session that a process names on its command line, and in Claude Code's list of those that live. */
async function heldSession(argv: string[], script = "setTimeout(() => {}, 60000)") {
  home = makeHome();
  const session = addClaudeSession(home, { orphans: ["toolu_01LeftBehindHere"] });
  writeRegistry(home, { "agent:main:main": boundEntry(session.sessionId) });
  const child = spawn(process.execPath, ["-e", script, "--", ...argv, session.sessionId], {
    env: { ...process.env, TRANSCRIPT: session.path },
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  await new Promise((resolve) => child.once("spawn", resolve));
  if (script.includes("TRANSCRIPT")) await new Promise((resolve) => child.stdout.once("data", resolve));
  mkdirSync(join(home.claude, "sessions"));
  const { sessionId } = session;
  writeFileSync(join(home.claude, "sessions", `${child.pid}.json`), JSON.stringify({ pid: child.pid, sessionId }));
  appendFileSync(
    home.log,
    `${new Date().toISOString()} lane=session:agent:main:main unexpected tool_use_id in tool_result\n`,
  );
  return session.path;
}

const resultsOf = async (args: string[]) =>
  (await keeperJson(["rotate", ...args])).installations[0]?.actions.map(({ kind, result }) => `${kind} ${result}`);

test("a condemned session is mended although a child of the gateway goes on in it, because the restart ends that", async () => {
  const path = await heldSession(["-p", "--output-format", "stream-json", "--resume"]);
  const { args, restarts } = configure(home);
  expect(await resultsOf(args)).toEqual(["archive-transcript done", "repair-transcript done", "restart-gateway done"]);
  expect(restarts()).toBe(1);
  expect(readFileSync(path, "utf8")).not.toContain("toolu_01LeftBehindHere");
});

test.for([
  { what: "no restart is configured", argv: ["-p", "--resume"], gateway: { restart: undefined } },
  { what: "no restart is left", argv: ["-p", "--resume"], gateway: { maxRestarts: 0 } },
  { what: "a person may sit before that process", argv: ["--resume"], gateway: {} },
  {
    what: "it has the file open",
    argv: ["-p", "--resume"],
    gateway: {},
    script: "fs.openSync(process.env.TRANSCRIPT, 'a'); process.stdout.write('open'); setTimeout(() => {}, 60000)",
  },
])("it waits for that process where $what", async ({ argv, gateway, script }) => {
  await heldSession(argv, script);
  expect(await resultsOf(configure(home, gateway).args)).toEqual(["repair-transcript busy"]);
});

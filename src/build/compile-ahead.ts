import { appendFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { configure } from "../../test/support/configure.ts";
import {
  addClaudeSession,
  addOpenClawSession,
  boundEntry,
  type Home,
  makeHome,
  writeRegistry,
} from "../../test/support/home.ts";
import { keeper } from "../../test/support/keeper.ts";
import { writeTranscript } from "../../test/support/transcript-generator.ts";

const preload = join(import.meta.dirname, "keep-compiled.cjs");
const compiledStart = join(
  import.meta.dirname,
  "..",
  "..",
  "dist",
  `start.js.${process.version}-${process.arch}.compiled`,
);
/** More than is read without the skimmer. */
const LARGE_BYTES = 5_000_000;

/** Runs what was bundled as people and crontabs do, on a home that is made up, and keeps what V8 made of it. */
async function compileAhead(): Promise<void> {
  const home = makeHome();
  try {
    const { damaged, large } = fill(home);
    const configured = configure(home).args;
    for (const args of [
      ["--help"],
      ["detect-corruption", damaged],
      ["detect-corruption", large, "--json"],
      ...["detect-corruption", "clean-locks", "archive", "validate-registry"].map((name) => [name, ...configured]),
      ["restore", "list", ...home.args],
      ["rotate", ...home.args],
    ])
      await runOnce(home, args);
    // the less it holds, the sooner it is read: what is needed by an idle run, and nothing else
    rmSync(compiledStart);
    await runOnce(home, ["rotate", ...home.args]);
    await runOnce(home, ["rotate", "--cron", ...configured]);
  } finally {
    home.remove();
  }
}

/** A bot's home in which all is well, and beside it two transcripts. */
function fill(home: Home): { damaged: string; large: string } {
  const own = addOpenClawSession(home, { bytes: 20_000 });
  const { sessionId } = addClaudeSession(home, { bytes: 20_000 });
  const entry = boundEntry(sessionId, { sessionId: own.sessionId, sessionFile: own.path });
  writeRegistry(home, { "agent:main:telegram:group:1": entry });
  appendFileSync(home.log, `${new Date().toISOString()} [gateway] heartbeat ok\n`);
  const large = join(home.root, "large.jsonl");
  writeTranscript(large, { dialect: "claude-code", bytes: LARGE_BYTES });
  const elsewhere = addClaudeSession(home, { project: "-elsewhere", orphans: ["toolu_1"] });
  return { damaged: elsewhere.path, large };
}

async function runOnce(home: Home, args: readonly string[]): Promise<void> {
  const { status, stderr } = await keeper(args, {
    HOME: home.root,
    NODE_OPTIONS: `--require ${JSON.stringify(preload)}`,
  });
  if (status !== 0 && status !== 1) throw new Error(`${args.join(" ")} ended with ${status}: ${stderr}`);
}

await compileAhead();

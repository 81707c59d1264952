import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { projectNamesOf } from "../../../src/installation/paths.ts";
import type { InstalledClaudeCode } from "../packages.ts";
import { type Message, type MessagesRequest, startMessagesApi } from "./messages-api.ts";
import { withoutInjections } from "./without-injections.ts";

/** What the user says next; nothing else in the request is taken for it. */
export const PROMPT = "Then we go on with the next thing, please.";
const TIMEOUT_MS = 60_000;
/** A port on which nothing listens: whatever does not go to the stand-in goes nowhere. */
const NOWHERE = "http://127.0.0.1:9";

/**
 * Lets Claude Code resume a transcript in a home of its own, against the stand-in for the API, and returns the conversation
 * that it sends, without the prompt of this run and what the run itself adds.
 *
 * @throws Error when the program asks the API for nothing
 */
export async function resume(
  claude: InstalledClaudeCode,
  transcript: Uint8Array,
  sessionId: string,
): Promise<Message[]> {
  return (await goOn(claude, transcript, sessionId)).messages;
}

/**
 * The same, and what the transcript holds afterwards.
 *
 * @param options.say what the user says instead; a command of the program may ask the API for something else, or nothing
 * @param options.meanwhile what happens to the file while the program waits for its reply
 */
export async function goOn(
  claude: InstalledClaudeCode,
  transcript: Uint8Array,
  sessionId: string,
  { say = PROMPT, meanwhile }: { say?: string; meanwhile?: (path: string) => Promise<void> } = {},
): Promise<{ messages: Message[]; transcript: Buffer }> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "keeper-resume-")));
  let file = "";
  let isDone = false;
  const api = await startMessagesApi(async (request) => {
    if (isDone || !meanwhile || !isAboutPrompt(request)) return;
    isDone = true;
    await meanwhile(file);
  });
  try {
    const [home, cwd] = [join(root, "home"), join(root, "project")];
    const project = join(home, ".claude", "projects", projectNamesOf(cwd)[0] ?? "");
    for (const folder of [cwd, project]) mkdirSync(folder, { recursive: true });
    file = join(project, `${sessionId}.jsonl`);
    writeFileSync(file, transcript, { mode: 0o600 });
    const known = { hasCompletedOnboarding: true, projects: { [cwd]: { hasTrustDialogAccepted: true } } };
    writeFileSync(join(home, ".claude.json"), JSON.stringify(known));
    const args = ["-p", "--resume", sessionId, "--output-format", "json", "--model", "claude-sonnet-4-5", say];
    const ended = await run(claude, args, cwd, environment(home, api.url));
    const asked = api.requests.filter(isAboutPrompt);
    const request = asked.find(({ tools }) => (tools?.length ?? 0) > 0) ?? asked[0];
    if (!request && say === PROMPT)
      throw new Error(`Claude Code ${claude.version} asked for nothing and ended with ${ended}`);
    return { messages: withoutInjections(request?.messages ?? [], PROMPT), transcript: readFileSync(file) };
  } finally {
    api.close();
    rmSync(root, { recursive: true, force: true });
  }
}

function isAboutPrompt({ messages }: MessagesRequest): boolean {
  return JSON.stringify(messages.at(-1) ?? "").includes(PROMPT);
}

function environment(home: string, url: string): Record<string, string | undefined> {
  const quiet = ["CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "DISABLE_TELEMETRY", "DISABLE_ERROR_REPORTING"];
  const still = ["DISABLE_AUTOUPDATER", "DISABLE_BUG_COMMAND", "CLAUDE_CODE_DISABLE_BACKGROUND_TASKS"];
  const plain = ["CLAUDE_CODE_DISABLE_AUTO_MEMORY"];
  return {
    PATH: process.env.PATH,
    HOME: home,
    LANG: "C.UTF-8",
    TZ: "UTC",
    TERM: "dumb",
    ANTHROPIC_BASE_URL: url,
    ANTHROPIC_API_KEY: "none",
    ...Object.fromEntries(["NO_PROXY", "no_proxy"].map((name) => [name, "127.0.0.1,localhost"])),
    ...Object.fromEntries(["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"].map((name) => [name, NOWHERE])),
    ...Object.fromEntries([...quiet, ...still, ...plain].map((name) => [name, "1"])),
    API_TIMEOUT_MS: "20000",
    CLAUDE_CODE_MAX_RETRIES: "0",
  };
}

/** @returns how it ended, in a few words */
function run(
  { command: [program, ...first] }: InstalledClaudeCode,
  args: readonly string[],
  cwd: string,
  env: Record<string, string | undefined>,
): Promise<string> {
  const child = spawn(program, [...first, ...args], { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  const timer = setTimeout(() => child.kill("SIGKILL"), TIMEOUT_MS);
  return new Promise((resolve, reject) => {
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (output += data));
    child.on("error", reject);
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      resolve(`${signal ?? code}: ${output.trim().split("\n").at(-1) ?? ""}`);
    });
  });
}

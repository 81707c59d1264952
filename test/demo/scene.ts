import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { projectNamesOf } from "../../src/installation/paths.ts";
import { addClaudeSession, age, boundEntry, type Home, makeHome, writeRegistry } from "../support/home.ts";
import { incidentKey, incidentSession, makeIncident } from "../support/incident.ts";
import { writeTranscript } from "../support/transcript-generator.ts";

/** A session of the scene: whose it is and what is the matter with it, in a few words. */
export type Actor = { who: string; what: string; sessionId: string; path: string };

/** A scratch home in which two sessions of a bot need help, and a person's does not want any. */
export type Scene = {
  home: Home;
  condemned: Actor;
  oversized: Actor;
  personal: Actor;
  /** one line for each restart of the gateway that is not there */
  restarts: string;
  /** the variables that the program gets besides PATH: nothing leads it to the reader's own files */
  env: Record<string, string>;
};

/** Which OpenClaw the scene comes from. Said in the configuration too, or one on the reader's PATH would count as well. */
const OPENCLAW_VERSION = "2026.2.9";

/** The home of the incident of February 8, 2026, its times moved to now, with a second agent and a person beside. */
export function makeScene(): Scene {
  const home = makeHome({ version: OPENCLAW_VERSION });
  const { transcript } = makeIncident({ home });
  const large = compactedSession(home, "6f0c1d6e-0f6e-4f9e-9a0b-3b1f2f6f8a11");
  const key = "agent:ops:telegram:group:-1001";
  writeRegistry(home, { [key]: boundEntry(large.sessionId, { cliSessionBindings: undefined }) }, "ops");
  const own = addClaudeSession(home, {
    sessionId: "c3d9a7e4-52b1-4c0f-8e6d-7a1b2c3d4e5f",
    bytes: 4_000_000,
    project: "-home-sam-thesis",
    entrypoint: "cli",
  });
  const restarts = join(home.root, "restarts.txt");
  configure(home, restarts);
  return {
    home,
    condemned: {
      who: incidentKey,
      what: "small, but the API rejects it",
      sessionId: incidentSession,
      path: transcript,
    },
    oversized: { who: key, what: "works, but is too large", ...large },
    personal: { who: "Sam's own session", what: "large too, but not the bot's", ...own },
    restarts,
    env: { HOME: home.root, XDG_STATE_HOME: join(home.root, ".local", "state") },
  };
}

/** A conversation that has grown for days. Its compactions have decided what the model keeps; the file holds all the rest, too. */
function compactedSession(home: Home, sessionId: string): { sessionId: string; path: string } {
  const folder = join(home.claude, "projects", projectNamesOf(home.workspace)[0] ?? "");
  const path = join(folder, `${sessionId}.jsonl`);
  mkdirSync(folder, { recursive: true });
  writeTranscript(path, { dialect: "claude-code", bytes: 9_000_000, boundaries: 6, sessionId, cwd: home.workspace });
  age(path, 120_000);
  return { sessionId, path };
}

/** A configuration where the program looks for it. Only its owner may read or write it, because it names commands. */
function configure({ root, log }: Home, restarts: string): void {
  const script = join(root, "restart-gateway.sh");
  writeFileSync(script, `echo "gateway restarted" >> '${restarts}'\n`);
  const folder = join(root, ".config", "session-keeper");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const text = `{
  installations: {
    jarvis: {
      openclaw: { home: "~/.openclaw", version: "${OPENCLAW_VERSION}" },
      claude: { home: "~/.claude" },
      gateway: {
        logs: ["${log}"],
        restart: ["sh", "${script}"], // stands for: ["sudo", "systemctl", "restart", "jarvis"]
        health: ["test", "-s", "${restarts}"],
      },
    },
  },
}
`;
  writeFileSync(join(folder, "config.json5"), text, { mode: 0o600 });
}

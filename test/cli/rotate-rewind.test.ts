import { appendFileSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { projectNamesOf } from "../../src/installation/paths.ts";
import { configure } from "../support/configure.ts";
import {
  age,
  archivesIn,
  boundEntry,
  type Home,
  makeHome,
  readRegistryOf,
  unzip,
  writeRegistry,
} from "../support/home.ts";
import { keeper, keeperJson } from "../support/keeper.ts";
import { writeTranscript } from "../support/transcript-generator.ts";

let home: Home;
afterEach(() => home?.remove());

const KEY = "agent:main:main";

/** A bound session whose last turn was finished, and a prompt behind it that the API refused; nothing in it is broken. */
function refusedSession(): { path: string; accepted: string; sessionId: string } {
  home = makeHome();
  const sessionId = "5e551011-0bad-4cab-8f00-0000000000b2";
  const path = join(home.claude, "projects", projectNamesOf(home.workspace)[0] ?? "", `${sessionId}.jsonl`);
  mkdirSync(dirname(path), { recursive: true });
  writeTranscript(path, { dialect: "claude-code", bytes: 20_000, sessionId, start: new Date(Date.now() - 7_200_000) });
  writeRegistry(home, { [KEY]: boundEntry(sessionId) });
  const accepted = readFileSync(path, "utf8");
  refuse(path, 1);
  return { path, accepted, sessionId };
}

/** Adds a prompt and what Claude Code writes when the API refuses it. */
function refuse(path: string, round: number): void {
  const last = JSON.parse(readFileSync(path, "utf8").trimEnd().split("\n").at(-1) ?? "");
  const uuid = (part: number) => `c0ffee00-0000-4000-8000-0000000${round}000${part}`;
  const common = {
    isSidechain: false,
    sessionId: last.sessionId,
    version: "2.1.50",
    timestamp: new Date().toISOString(),
  };
  const prompt = {
    parentUuid: last.uuid,
    ...common,
    type: "user",
    uuid: uuid(1),
    message: { role: "user", content: "And now?" },
  };
  const content = [{ type: "text", text: "API Error: 400 the request was refused" }];
  const message = { id: "m", role: "assistant", model: "<synthetic>", content };
  const error = { parentUuid: uuid(1), ...common, type: "assistant", uuid: uuid(2), isApiErrorMessage: true, message };
  appendFileSync(path, `${JSON.stringify(prompt)}\n${JSON.stringify(error)}\n`);
  age(path, 60_000);
}

const rejection = (sessionId: string) =>
  `${new Date().toISOString()} sessionId=${sessionId} unexpected \`tool_use_id\` found in \`tool_result\` blocks\n`;

test("a condemned session in which nothing is broken goes back to its last finished reply, and keeps its binding", async () => {
  const { path, accepted, sessionId } = refusedSession();
  const { args, restarts } = configure(home);
  const refused = readFileSync(path, "utf8");
  appendFileSync(home.log, rejection(sessionId));
  const report = await keeperJson(["rotate", ...args]);
  expect(report).toMatchObject({
    status: 0,
    installations: [
      {
        findings: [{ kind: "rejection-logged", resolved: true }],
        actions: [
          { kind: "archive-transcript", result: "done" },
          { kind: "repair-transcript", result: "done", detail: { lost: { rows: 2 } } },
          { kind: "restart-gateway", result: "done" },
        ],
      },
    ],
  });
  expect(readFileSync(path, "utf8")).toBe(accepted);
  expect(readRegistryOf(home)[KEY]).toHaveProperty("claudeCliSessionId", sessionId);
  expect(archivesIn(join(home.claude, "session-archives")).map((archive) => unzip(archive).toString())).toEqual([
    refused,
  ]);
  expect(restarts()).toBe(1);
  expect(await keeper(["rotate", ...args])).toMatchObject({ status: 0, stdout: "" });
});

test("one that is refused again without an answer in between is given up", async () => {
  const { path, sessionId } = refusedSession();
  const { args, restarts } = configure(home);
  appendFileSync(home.log, rejection(sessionId));
  await keeperJson(["rotate", ...args]);
  refuse(path, 2);
  appendFileSync(home.log, rejection(sessionId));
  const report = await keeperJson(["rotate", ...args]);
  expect(report.installations[0]?.actions.map(({ kind, result }) => `${kind} ${result}`)).toContain(
    "digest-transcript done",
  );
  expect(readFileSync(path, "utf8")).toContain("This session was shortened by session-keeper.");
  expect(readRegistryOf(home)[KEY]).toMatchObject({ claudeCliSessionId: sessionId });
  expect(restarts()).toBe(2);
});

test("--strategy empty neither mends nor goes back", async () => {
  const { path, sessionId } = refusedSession();
  appendFileSync(home.log, rejection(sessionId));
  await keeperJson(["rotate", "--strategy", "empty", ...home.args]);
  expect(statSync(path).size).toBe(0);
});

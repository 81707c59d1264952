import { existsSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { reportSchema } from "../../src/report/schema.ts";
import { configure } from "../support/configure.ts";
import { addClaudeSession, boundEntry, type Home, makeHome, snapshot, writeRegistry } from "../support/home.ts";
import { incidentSession, makeIncident } from "../support/incident.ts";
import { keeper, keeperJson } from "../support/keeper.ts";
import { startWebServer, type WebServer } from "../support/web-server.ts";

const homes: Home[] = [];
afterEach(() => {
  for (const home of homes.splice(0)) home.remove();
});

function keep<Kept extends Home>(home: Kept): Kept {
  homes.push(home);
  return home;
}

/** A bot with one session that is damaged. */
function aBrokenBot(): Home & { path: string; sessionId: string } {
  const home = keep(makeHome());
  const session = addClaudeSession(home, { orphans: ["toolu_orphan"] });
  writeRegistry(home, { "agent:main:whatsapp:direct:+491701234567": boundEntry(session.sessionId) });
  return { ...home, ...session };
}

function alerting(home: Home, { address }: WebServer, more: Record<string, unknown> = {}): string[] {
  return configure(home, {}, [home.log], { notify: { webhook: `${address}/hook/secret`, ...more } }).args;
}

const alertStateOf = ({ state }: Home) => join(state, "alerts.json");

test("what broke and was mended in the same run is one message, on each way; and nothing after that", async () => {
  const web = await startWebServer();
  const home = keep(makeIncident());
  const received = join(home.root, "received");
  const args = alerting(home, web, { command: ["sh", "-c", `cat >> ${received}`] });
  const report = await keeperJson(["rotate", ...args]);
  reportSchema.parse(JSON.parse(JSON.stringify({ ...report, status: undefined, stderr: undefined })));
  expect([report.status, report.stderr]).toEqual([0, ""]);
  const [message] = web.messages();
  expect(web.messages()).toHaveLength(1);
  expect(JSON.parse(readFileSync(received, "utf8"))).toEqual(message);
  expect(message).toMatchObject({
    ...{ schemaVersion: 1, host: report.host, installation: "jarvis", kind: "corruption", state: "mended" },
    ...{ runId: report.runId, command: "rotate", findings: ["crash-logged", "orphaned-result"] },
    sessions: [{ sessionId: incidentSession, sessionKey: "agent:main:telegram:direct:…30" }],
    counts: { findings: 3, sessions: 1, done: 3, failed: 0 },
  });
  const { text, undo } = message as { text: string; undo: string };
  expect(undo).toContain(`session-keeper restore undo ${report.runId} --config`);
  for (const part of ["line 121", "lost: 2 results without a call", ".repair.jsonl.gz", "restarted the gateway", undo])
    expect(text).toContain(part);
  expect(JSON.stringify(message)).not.toContain("1000200030");
  const notify = report.installations[0]?.actions.at(-1);
  expect(notify).toMatchObject({ kind: "notify", result: "done", detail: { about: "corruption", state: "mended" } });
  expect(JSON.stringify(report)).not.toContain("secret");
  expect(report.summary).toMatchObject({ actions: 4, done: 4, failed: 0 });
  const before = snapshot(home.state)["alerts.json"];
  expect(await keeper(["rotate", "--cron", ...args])).toMatchObject({ status: 0, stdout: "", stderr: "" });
  expect(web.messages()).toHaveLength(1);
  expect(snapshot(home.state)["alerts.json"]).toBe(before);
});

test("what is there is told once; and once more when another command mended it", async () => {
  const web = await startWebServer();
  const home = aBrokenBot();
  const args = alerting(home, web);
  for (const _ of [1, 2]) expect((await keeper(["detect-corruption", ...args])).status).toBe(1);
  const [first] = web.messages() as { incident: string; since: string; text: string }[];
  expect(web.messages()).toMatchObject([{ kind: "corruption", state: "open", undo: null }]);
  expect(first?.text).toMatch(/^next: to mend it.*: session-keeper detect-corruption --repair --config /m);
  expect(JSON.stringify(web.messages())).not.toContain("1701234567");
  expect((await keeper(["rotate", ...args])).status).toBe(0);
  const [, over] = web.messages() as { text: string }[];
  expect(web.messages()).toMatchObject([{}, { state: "over", incident: first?.incident, since: first?.since }]);
  expect(over?.text).toContain("mended; taken out: 1 result without a call");
});

test("an installation that fails is told once, and once that it is looked after again; its sessions are not taken for well", async () => {
  const web = await startWebServer();
  const home = aBrokenBot();
  const args = alerting(home, web);
  await keeper(["detect-corruption", ...args]);
  renameSync(home.claude, `${home.claude}.away`);
  expect((await keeper(["detect-corruption", ...args])).status).toBe(3);
  renameSync(`${home.claude}.away`, home.claude);
  await keeper(["detect-corruption", ...args]);
  expect(web.messages().map(({ kind, state }) => `${kind} ${state}`)).toEqual([
    "corruption open",
    "failure open",
    "failure over",
  ]);
  expect(web.messages()[1]?.text).toMatch(/^failed: the Claude Code home .* does not exist$/m);
  expect(web.messages()[1]?.text).toMatch(/^next: .*mount what should be there/m);
});

test("a run that could not start is told, and belongs to no installation", async () => {
  const web = await startWebServer();
  const home = aBrokenBot();
  expect((await keeper(["rotate", "--session", "no-such-session", ...alerting(home, web)])).status).toBe(2);
  expect(web.messages()).toMatchObject([{ kind: "failure", state: "open", installation: null }]);
});

test("a dry run tells nobody and remembers nothing, and neither does a run that is told to tell nobody", async () => {
  const web = await startWebServer();
  const home = aBrokenBot();
  expect((await keeper(["rotate", "--dry-run", ...alerting(home, web)])).status).toBe(1);
  expect(web.received).toEqual([]);
  expect(existsSync(alertStateOf(home))).toBe(false);
  expect((await keeper(["detect-corruption", ...configure(home).args])).status).toBe(1);
  expect(existsSync(alertStateOf(home))).toBe(false);
});

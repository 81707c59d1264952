import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { alertStatePathOf, writeAlertState } from "../../src/alert/state.ts";
import { openDisk } from "../../src/disk/disk.ts";
import { aFinding, anAction, anAlertHost } from "../support/alert-run.ts";
import { startWebServer } from "../support/web-server.ts";

const broken = { findings: [aFinding("/tmp/x.jsonl")] };

test("what one way did not take is tried again on that way only", async () => {
  const web = await startWebServer(503);
  const host = anAlertHost({});
  const received = join(host.folder, "received");
  const notify = { webhook: web.address, command: ["sh", "-c", `cat >> ${received}`] };
  const first = await host.tell(broken, { notify });
  expect(first.waiting).toBe(1);
  expect(first.report.installations[0]?.actions).toMatchObject([
    {
      kind: "notify",
      result: "busy",
      message: expect.stringMatching(/waits for the next run, because 127\S+ answered/),
    },
  ]);
  expect(statSync(alertStatePathOf(join(host.folder, "state"))).mode & 0o777).toBe(0o600);
  web.answer = 200;
  const second = await host.tell({}, { notify, command: "archive" });
  expect([second.waiting, second.warnings]).toEqual([0, []]);
  expect(second.report.installations[0]?.actions).toMatchObject([{ kind: "notify", result: "done" }]);
  expect(web.messages()).toHaveLength(2);
  expect(readFileSync(received, "utf8").trimEnd().split("\n")).toHaveLength(1);
});

test("a command that cannot be started, fails, or does not read what it is given, is a warning that tells no argument", async () => {
  const tell = async (...command: string[]) => (await anAlertHost({ command }).tell(broken)).warnings;
  expect(await tell("/nowhere/notify", "secret")).toEqual([
    expect.stringMatching(/because notify could not be started \(ENOENT\);/),
  ]);
  expect(await tell("sh", "-c", "exit 3 # secret")).toEqual([expect.stringMatching(/because sh ended with status 3;/)]);
  expect(await tell("true")).toEqual([]);
});

test("an incident that begins and ends while nobody is reached is one message, and says since when", async () => {
  const web = await startWebServer(500);
  const host = anAlertHost({ webhook: web.address });
  await host.tell(broken);
  await host.tell({});
  expect(host.state().waiting).toMatchObject([{ message: { state: "over" } }]);
  web.answer = 200;
  await host.tell({});
  expect(web.messages().at(-1)).toMatchObject({
    state: "over",
    text: expect.stringMatching(/^it was found 20.* UTC$/m),
  });
  expect(host.state()).toMatchObject({ waiting: [], incidents: [] });
});

test("the first alert that gets through tells how many did not", async () => {
  const web = await startWebServer(500);
  const host = anAlertHost({ webhook: web.address });
  const request = { sessions: ["s-1"] }; // which judges nothing else
  for (let index = 0; index < 22; index += 1)
    await host.tell({ findings: [aFinding(`/tmp/${index}.jsonl`)] }, { request });
  expect(host.state()).toMatchObject({ dropped: 2, waiting: { length: 20 } });
  web.answer = 200;
  web.received.splice(0);
  await host.tell({}, { request });
  const texts = web.messages().map(({ text }) => String(text));
  expect(texts).toHaveLength(20);
  expect(texts.filter((text) => /^before this, 2 alerts could not be delivered/m.test(text))).toEqual([texts[0]]);
  expect(host.state().dropped).toBe(0);
});

test("from a crontab a dead way is warned of once in a while, by hand each time", async () => {
  const host = anAlertHost({ webhook: "http://127.0.0.1:6667/" });
  const cron = { request: { cron: true } };
  expect((await host.tell(broken, cron)).warnings).toHaveLength(1);
  expect((await host.tell({}, cron)).warnings).toHaveLength(0);
  expect((await host.tell({})).warnings).toHaveLength(1);
  expect((await host.tell({}, { ...cron, notify: { repeatAfter: 0 } })).warnings).toHaveLength(1);
});

test("a run that somebody stopped keeps its alerts for the next one, and judges nothing to be over", async () => {
  const web = await startWebServer();
  const host = anAlertHost({ webhook: web.address });
  const signal = AbortSignal.abort(new Error("stopped by SIGTERM"));
  await host.tell(broken, { signal });
  expect([web.received.length, host.state().waiting.length]).toEqual([0, 1]);
  await host.tell({}, { signal });
  await host.tell({}, { command: "archive" });
  expect(web.messages()).toMatchObject([{ state: "open" }]);
});

test("nothing is written where nothing is new, and nothing where nobody is to be told", async () => {
  const web = await startWebServer();
  const host = anAlertHost({ webhook: web.address });
  await host.tell({});
  expect(host.stateText()).toBeUndefined();
  await host.tell(broken);
  const path = alertStatePathOf(join(host.folder, "state"));
  const before = statSync(path).ino;
  await host.tell(broken);
  expect(statSync(path).ino).toBe(before);
  expect(web.messages()).toHaveLength(1);
});

test("where nothing can be remembered, an alert is sent all the same", async () => {
  const web = await startWebServer();
  const host = anAlertHost({ webhook: web.address });
  writeFileSync(join(host.folder, "state"), "a file where the folder belongs");
  const { warnings } = await host.tell(broken);
  expect(web.messages()).toHaveLength(1);
  expect(warnings).toEqual([
    expect.stringMatching(/^what alerts tell cannot be remembered \(.*\), so the next run may tell it again$/),
  ]);
});

test("what a killed run was delivering is told by the next one, after a minute", async () => {
  const web = await startWebServer();
  const host = anAlertHost({ webhook: web.address });
  const path = alertStatePathOf(join(host.folder, "state"));
  await host.tell(broken, { signal: AbortSignal.abort() });
  const state = host.state();
  const leased = (leaseUntil: number) => ({ ...state, waiting: state.waiting.map((one) => ({ ...one, leaseUntil })) });
  writeAlertState(openDisk(), path, leased(Date.now() + 50_000));
  await host.tell(broken);
  expect(web.received).toEqual([]);
  writeAlertState(openDisk(), path, leased(Date.now() - 1));
  await host.tell(broken);
  expect(web.messages()).toHaveLength(1);
});

test("what else was put right is told with what broke, and a restart with it", async () => {
  const web = await startWebServer();
  const host = anAlertHost({ webhook: web.address });
  const lost = { results: 2 };
  await host.tell({
    findings: [aFinding("/tmp/x.jsonl", { resolved: true }), aFinding("/tmp/y.jsonl")],
    actions: [
      anAction("archive-transcript", { path: "/tmp/x.jsonl", detail: { archive: "/a/x.gz" } }),
      anAction("repair-transcript", { path: "/tmp/x.jsonl", detail: { lost } }),
      anAction("archive-transcript", {
        path: "/tmp/y.jsonl",
        result: "busy",
        message: "for the next run: it is in use",
      }),
      anAction("edit-registry", {
        path: "/tmp/z.jsonl",
        because: ["stale-binding"],
        message: "its binding is cleared",
      }),
      anAction("restart-gateway", { message: "restarted the gateway" }),
    ],
  });
  const [open, mended] = web.messages() as { state: string; text: string; undo: string | null }[];
  expect([open?.state, mended?.state, web.messages().length]).toEqual(["open", "mended", 2]);
  expect(open?.text).toMatch(/waits: for the next run: it is in use\nnext: the next run of rotate tries again$/);
  expect([open?.undo, open?.text.includes("restarted")]).toEqual([null, false]);
  expect(mended?.text).toMatch(
    /lost: 2 results without a call\nthe original: \/a\/x\.gz\nundo: session-keeper restore undo /,
  );
  for (const part of ["its binding is cleared", "restarted the gateway"]) expect(mended?.text).toContain(part);
  expect(mended?.text).not.toContain("y.jsonl");
});

test("that a gateway was not restarted is told with what was put right, and what to do about it", async () => {
  const web = await startWebServer();
  const host = anAlertHost({ webhook: web.address });
  await host.tell({
    findings: [aFinding("/tmp/x.jsonl", { resolved: true })],
    actions: [anAction("repair-transcript", { path: "/tmp/x.jsonl" })],
    spared: [{ because: "no-restart-command", message: "the gateway was not restarted" }],
  });
  expect(web.messages()[0]?.text).toMatch(
    /^left: the gateway was not restarted$[\s\S]*^next: restart the gateway by hand, /m,
  );
});

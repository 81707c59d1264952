import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, type TestContext, test } from "vitest";
import { configure } from "../support/configure.ts";
import type { Home } from "../support/home.ts";
import { makeIncident } from "../support/incident.ts";
import { keeper, keeperJson, startKeeper } from "../support/keeper.ts";
import { startWebServer } from "../support/web-server.ts";

/** The incident, which one run mends: the alert of it is the only one there will be. */
function alerting(more: Record<string, unknown>, { onTestFinished }: TestContext): { args: string[]; home: Home } {
  const home = makeIncident();
  onTestFinished(() => home.remove());
  return { home, args: configure(home, {}, [home.log], more).args };
}

const waitingIn = ({ state }: Home) => JSON.parse(readFileSync(join(state, "alerts.json"), "utf8")).waiting.length;

describe.concurrent("an alert that does not get through", () => {
  test("is a warning, waits, and is told by the next run, which finds nothing and says nothing", async (context) => {
    const web = await startWebServer(500, context);
    const { args } = alerting({ notify: { webhook: `${web.address}/hook/secret` } }, context);
    const report = await keeperJson(["rotate", ...args]);
    expect(report).toMatchObject({ status: 0, exitCode: 0, summary: { failed: 0 } });
    expect(report.installations[0]?.actions.at(-1)).toMatchObject({ kind: "notify", result: "busy" });
    expect(report.stderr).toBe(
      `session-keeper: an alert was not delivered, because 127.0.0.1:${web.port} answered with status 500; nothing is lost, the next run tries again\n`,
    );
    web.answer = 200;
    expect(await keeper(["clean-locks", "--cron", ...args])).toMatchObject({ status: 0, stdout: "", stderr: "" });
    expect(web.messages()).toHaveLength(2);
    expect(web.messages()[0]).toEqual(web.messages()[1]);
    await keeper(["rotate", ...args]);
    expect(web.messages()).toHaveLength(2);
  });

  test("does not hold up the run for longer than its time, on all ways together", async (context) => {
    const web = await startWebServer("hang", context);
    const { args, home } = alerting(
      {
        notify: {
          webhook: `${web.address}/hook/secret`,
          command: ["sh", "-c", "trap '' TERM; setsid sleep 15 & wait"],
        },
        ping: { url: `${web.address}/ping` },
      },
      context,
    );
    const run = await keeper(["rotate", ...args]);
    const tookMs = Date.now() - (web.received.find(({ method }) => method === "POST")?.atMs ?? 0);
    expect([run.status, tookMs > 9000, tookMs < 13_000]).toEqual([0, true, true]);
    expect(run.stderr.match(/an alert was not delivered/g)).toHaveLength(2);
    expect(run.stderr).toMatch(/sh did not end within 8 s/);
    expect(run.stderr).toMatch(/127\.0\.0\.1:\d+ did not answer within 10 s/);
    expect(run.stderr).not.toContain("secret");
    expect(waitingIn(home)).toBe(1);
  });

  test("because the run is stopped in the middle of it, is told by the next run", async (context) => {
    const web = await startWebServer("hang", context);
    const { args, home } = alerting({ notify: { webhook: web.address } }, context);
    const { child, done } = startKeeper(["rotate", ...args]);
    await web.next();
    const stopped = Date.now();
    child.kill("SIGTERM");
    expect(await done).toMatchObject({ status: 143 });
    expect(Date.now() - stopped).toBeLessThan(3000);
    expect(waitingIn(home)).toBe(1);
    web.answer = 200;
    expect((await keeper(["rotate", ...args])).status).toBe(0);
    expect(web.messages().map(({ incident }) => incident)).toEqual(Array(2).fill(web.messages()[0]?.incident));
    expect(waitingIn(home)).toBe(0);
  });

  test("because nobody listens there, changes nothing but the warning", async (context) => {
    const web = await startWebServer(200, context);
    await web.close();
    const { args } = alerting({ notify: { webhook: `${web.address}/hook/secret` } }, context);
    const run = await keeper(["rotate", ...args]);
    expect(run.status).toBe(0);
    expect(run.stderr).toMatch(/because 127\.0\.0\.1:\d+ refuses the connection;/);
  });
});

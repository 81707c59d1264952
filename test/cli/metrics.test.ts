import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { configure } from "../support/configure.ts";
import { type Home, makeHome, sessionsFolder } from "../support/home.ts";
import { incidentKey, incidentSession, makeIncident } from "../support/incident.ts";
import { keeper } from "../support/keeper.ts";
import { hasPromtool, promtool } from "../support/promtool.ts";

let home: Home;
let file: string;
let args: string[];
beforeEach(() => {
  home = makeIncident({ home: makeHome() });
  file = join(home.root, "session-keeper.prom");
  args = configure(home, {}, [home.log], { metrics: { textfile: file } }).args;
});
afterEach(() => home.remove());

/** The value of a metric with these labels, in the order in which they stand. */
function figure(name: string, labels = ""): number | undefined {
  const line = readFileSync(file, "utf8")
    .split("\n")
    .find((candidate) => candidate.startsWith(`session_keeper_${name}${labels === "" ? " " : `{${labels}} `}`));
  return line === undefined ? undefined : Number(line.split(" ").at(-1));
}

test("figures of each command stay until it runs again, counters go on, and nobody can be told from them", async () => {
  process.umask(0o077);
  writeFileSync(join(sessionsFolder(home), "gone.jsonl.lock"), JSON.stringify({ pid: 999_999_999 }));
  const begun = Date.now() / 1000;
  expect((await keeper(["rotate", ...args])).status).toBe(0);
  expect(statSync(file).mode & 0o777).toBe(0o644);
  const command = 'command="rotate"';
  const lastRun = figure("last_run_timestamp_seconds", command) ?? 0;
  expect([lastRun >= begun, lastRun <= Date.now() / 1000]).toEqual([true, true]);
  expect(figure("last_success_timestamp_seconds", command)).toBe(lastRun);
  expect(figure("findings_resolved_total", 'installation="jarvis",kind="orphaned-result"')).toBe(2);
  expect(figure("restarts_total", 'installation="jarvis"')).toBe(1);
  expect(figure("archived_bytes_total", 'installation="jarvis"')).toBe(124_000);
  const claude = 'installation="jarvis",dialect="claude-code"';
  expect(figure("archives", claude)).toBe(1);
  expect(figure("transcript_bytes", claude)).toBe(figure("largest_session_bytes", claude));
  expect(figure("stale_locks", 'installation="jarvis"')).toBeUndefined();

  expect((await keeper(["clean-locks", ...args])).status).toBe(0);
  expect((await keeper(["detect-corruption", ...args])).status).toBe(0);
  // a row tells of the rejection still, which was mended since
  expect(
    figure("findings", 'installation="jarvis",command="detect-corruption",kind="rejection-logged",severity="info"'),
  ).toBe(1);
  expect(figure("last_run_timestamp_seconds", command)).toBe(lastRun);
  expect(figure("transcripts", claude)).toBe(1);
  expect(figure("restarts_total", 'installation="jarvis"')).toBe(1);
  expect(figure("stale_locks", 'installation="jarvis"')).toBe(0);
  expect(figure("actions_total", 'installation="jarvis",kind="remove-lock",result="done"')).toBe(1);
  expect(figure("exit_code", 'command="clean-locks"')).toBe(0);
  const text = readFileSync(file, "utf8");
  for (const secret of [incidentSession, incidentKey, "1000200030"]) expect(text).not.toContain(secret);
  if (hasPromtool) expect(promtool(["check", "metrics"], text)).toEqual({ status: 0, said: "" });
  expect(readdirSync(home.root).filter((name) => name.startsWith("session-keeper"))).toEqual(["session-keeper.prom"]);
});

test("a file that cannot be written is a warning; a dry run writes none", async () => {
  expect((await keeper(["rotate", "--dry-run", ...args])).status).toBe(1);
  expect([existsSync(file), existsSync(join(home.state, "metrics.json"))]).toEqual([false, false]);
  const lost = configure(home, {}, [home.log], { metrics: { textfile: join(home.root, "nowhere", "x.prom") } }).args;
  const run = await keeper(["rotate", ...lost]);
  expect(run.status).toBe(0);
  expect(run.stderr).toMatch(/^session-keeper: the metrics file \S+ was not written \(ENOENT/);
});

test("without alerts, pings and metrics nothing of them is loaded", async () => {
  const dist = join(import.meta.dirname, "..", "..", "dist");
  const parts = readdirSync(dist).filter((name) => name.endsWith(".js"));
  const theirs = parts.filter((name) =>
    /did not arrive|alerts\.json|metrics\.json/.test(readFileSync(join(dist, name), "utf8")),
  );
  expect(theirs.length).toBeGreaterThan(0);
  const env = { NODE_DEBUG: "module" };
  const loaded = async (of: string[]) => {
    const { stderr } = await keeper(["rotate", ...of], env);
    return theirs.filter((name) => stderr.includes(name));
  };
  expect(await loaded(configure(home).args)).toEqual([]);
  chmodSync(home.root, 0o700);
  expect(await loaded(args)).toEqual([]);
});

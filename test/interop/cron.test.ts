import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { listProcesses } from "../../src/host/processes.ts";
import { canMakeAccounts, makeAccount } from "../support/fresh-account.ts";
import { addClaudeSession, archivesIn, boundEntry, makeHome, unzip, writeRegistry } from "../support/home.ts";

/** Cron looks at its crontabs once a minute. */
const LONGEST_WAIT_MS = 150_000;

test.skipIf(!canMakeAccounts || !existsSync("/usr/sbin/cron"))(
  "the real cron daemon runs the line that setup cron installed, for a fresh account, and a broken session is mended",
  async () => {
    const { user, home, program, as } = makeAccount();
    const made = makeHome();
    onTestFinished(made.remove);
    const orphan = "toolu_01AAAAAAAAAAAAAAAAAAAAAA";
    const bot = {
      ...made,
      openclaw: join(home, ".openclaw"),
      claude: join(home, ".claude"),
      workspace: join(home, "w"),
    };
    for (const name of [".openclaw", ".claude"]) as("cp", "-r", join(made.root, name), home);
    rmSync(join(bot.openclaw, "openclaw.json"), { force: true });
    const { path, sessionId } = addClaudeSession(bot, { orphans: [orphan], idleMs: 600_000 });
    writeRegistry(bot, { "agent:main:main": boundEntry(sessionId) });
    const original = readFileSync(path);
    const chown = spawn("chown", ["-R", `${user}:`, home]);
    await once(chown, "close");

    expect(as(process.execPath, program, "setup", "cron", "--install")).toMatchObject({ status: 0, stderr: "" });
    // the very line, but every minute: nobody waits for five
    const often = as("sh", "-c", "crontab -l | sed 's|^3-59/5 |* |' | crontab -");
    expect(often).toMatchObject({ status: 0, stderr: "" });
    await runCron();

    const archives = join(bot.claude, "session-archives");
    const deadline = Date.now() + LONGEST_WAIT_MS;
    while (readFileSync(path).includes(orphan) && Date.now() < deadline) await sleep(500);
    expect(readFileSync(path).includes(orphan)).toBe(false);
    expect(unzip(archivesIn(archives)[0] ?? "").equals(original)).toBe(true);
    const check = as(process.execPath, program, "setup", "check", "--json");
    const kinds = JSON.parse(check.stdout).checks.map(({ kind }: { kind: string }) => kind);
    expect(kinds).toEqual(expect.arrayContaining(["cron-runs", "lines-found", "cron-finds-program"]));
  },
);

/** One that runs already reads the new crontab, too; a second one would refuse to start. */
async function runCron(): Promise<void> {
  if (listProcesses().some(({ argv: [first] }) => first === "cron" || first === "/usr/sbin/cron")) return;
  const daemon = spawn("/usr/sbin/cron", ["-f"], { stdio: "ignore" });
  onTestFinished(async () => {
    daemon.kill();
    if (daemon.exitCode === null && daemon.signalCode === null) await once(daemon, "close");
  });
  await once(daemon, "spawn");
}

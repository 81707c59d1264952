import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { reportSchema } from "../../src/report/schema.ts";
import { type CronScene, cronScene } from "../support/fake-programs.ts";
import { canMakeAccounts, makeAccount } from "../support/fresh-account.ts";
import { keeper, keeperJson } from "../support/keeper.ts";

type Scene = CronScene & { run: typeof runSetup };

const scene = (): Scene => ({ ...cronScene(), run: runSetup });

function runSetup(this: Scene, ...args: string[]) {
  return keeperJson(["setup", "cron", "--state-dir", this.state, ...args], this.env);
}

const MINE = Buffer.from("# mine \xe9\nMAILTO=me@example.org\n5 5 * * * echo 1\\%\n", "latin1");

test("the lines go into the crontab once; every other byte stays, and lies in the state folder as it was", async () => {
  const bot = scene();
  writeFileSync(bot.crontab, MINE);
  const first = await bot.run("--install");
  const { status: _, stderr: __, ...document } = first;
  reportSchema.parse(document);
  expect(first).toMatchObject({ status: 0, changes: [{ kind: "crontab-lines-in", result: "done" }] });
  const installed = readFileSync(bot.crontab);
  expect(installed.subarray(0, MINE.length).equals(MINE)).toBe(true);
  expect(installed.toString("latin1").match(/ --cron /g)).toHaveLength(5);
  const backup = String(first.changes?.[0]?.evidence.backup);
  expect(readFileSync(backup).equals(MINE)).toBe(true);
  expect(statSync(backup).mode & 0o777).toBe(0o600);
  expect(await bot.run("--install")).toMatchObject({ status: 0, changes: [{ result: "already-done" }] });
  expect(readFileSync(bot.crontab).equals(installed)).toBe(true);
  expect(await bot.run("--uninstall")).toMatchObject({ status: 0, changes: [{ result: "done" }] });
  expect(readFileSync(bot.crontab).equals(MINE)).toBe(true);
  expect(readdirSync(join(bot.state, "crontabs")).filter((name) => name.startsWith("draft"))).toEqual([]);
});

test("of a crontab that was not there, nothing is left", async () => {
  const bot = scene();
  await bot.run("--install");
  expect(existsSync(bot.crontab)).toBe(true);
  await bot.run("--uninstall");
  expect(existsSync(bot.crontab)).toBe(false);
  expect(await bot.run("--uninstall")).toMatchObject({ status: 0, changes: [{ result: "already-done" }] });
});

test("a dry run only tells, and leaves no trace", async () => {
  const bot = scene();
  expect(await bot.run("--install", "--dry-run")).toMatchObject({ status: 0, changes: [{ result: "planned" }] });
  expect(existsSync(bot.crontab)).toBe(false);
  expect(existsSync(bot.state)).toBe(false);
  expect(bot.programs.calls()).toEqual(["crontab -l"]);
});

test("a path that the crontab sets above goes on to hold below", async () => {
  const bot = scene();
  writeFileSync(bot.crontab, "PATH=/opt/mine:/usr/bin\n");
  await bot.run("--install");
  expect(readFileSync(bot.crontab, "utf8")).toMatch(/^PATH=\S*:\/opt\/mine:\S*$/m);
});

test("the lines lead cron to the same homes as this command line", async () => {
  const bot = scene();
  const logs = ["--gateway-log", "/var/log/bot.log", "--gateway-log", "journal:bot"];
  const args = ["setup", "cron", "--openclaw-home", bot.openclaw, ...logs, "--archive-dir", "/a b"];
  const { stdout } = await keeper(args, { ...bot.env, CLAUDE_CONFIG_DIR: "/c d" });
  expect(stdout.match(/^\d.*$/gm)).toHaveLength(5);
  for (const line of stdout.match(/^\d.*$/gm) ?? []) {
    expect(line).toContain(" CLAUDE_CONFIG_DIR='/c d' ");
    expect(line).toMatch(new RegExp(` --cron --openclaw-home ${bot.openclaw} ${logs.join(" ")} --archive-dir '/a b'$`));
  }
});

test.for([
  { what: "is not there", script: undefined, says: /there is no command crontab/ },
  {
    what: "refuses",
    script: "echo 'You (x) are not allowed to use this program (crontab)' >&2; exit 1",
    says: /may not have a crontab/,
  },
  { what: "fails", script: "echo 'spool: Permission denied' >&2; exit 1", says: /may not have|cannot be read/ },
])("where crontab $what, nothing is changed, and it is told", async ({ script, says }) => {
  const bot = scene();
  if (script) bot.programs.add("crontab", script);
  const env = { ...bot.env, PATH: script ? (bot.env.PATH ?? "") : bot.root };
  const report = await keeperJson(["setup", "cron", "--install", "--state-dir", bot.state], env);
  expect(report.status).toBe(3);
  expect(report.error?.message).toMatch(says);
  expect(report.error?.hint).toMatch(/nothing was changed/);
  expect(existsSync(bot.state)).toBe(false);
});

test("a crontab too long to be read whole is left alone", async () => {
  const bot = scene();
  writeFileSync(bot.crontab, "# long\n".repeat(40_000));
  const report = await bot.run("--install");
  expect(report).toMatchObject({ status: 3, error: { message: expect.stringMatching(/256 KiB/) } });
  expect(statSync(bot.crontab).size).toBe(280_000);
});

test.for([
  { what: "half a block", text: "# >>> session-keeper >>>\n1 1 * * * a\n" },
  { what: "lines of ours that a person wrote", text: "1 1 * * * session-keeper rotate --cron\n" },
])("$what: the crontab is left as it is", async ({ text }) => {
  const bot = scene();
  writeFileSync(bot.crontab, text);
  const report = await bot.run("--install");
  expect(report.status).toBe(3);
  expect(report.error?.message).toMatch(/line 1/);
  expect(readFileSync(bot.crontab, "utf8")).toBe(text);
});

test("a crontab that is another one when it is read back is put back as it was", async () => {
  const bot = scene();
  writeFileSync(bot.crontab, MINE);
  const once = join(bot.root, "once");
  bot.programs.add(
    "crontab",
    `case "$1" in -l) exec cat '${bot.crontab}';; esac
[ -e '${once}' ] && exec cat > '${bot.crontab}'
touch '${once}'; head -n 4 > '${bot.crontab}'`,
  );
  const report = await bot.run("--install");
  expect(report).toMatchObject({ status: 3, error: { message: expect.stringMatching(/read back/) } });
  expect(readFileSync(bot.crontab).equals(MINE)).toBe(true);
});

test("a crontab that does not take it stays as it is", async () => {
  const bot = scene();
  writeFileSync(bot.crontab, MINE);
  bot.programs.add("crontab", `[ "$1" = -l ] && exec cat '${bot.crontab}'; echo 'bad minute' >&2; exit 1`);
  const report = await bot.run("--install");
  expect(report).toMatchObject({ status: 3, error: { message: expect.stringMatching(/bad minute/) } });
  expect(readFileSync(bot.crontab).equals(MINE)).toBe(true);
});

test("both at once is a slip", async () => {
  const bot = scene();
  expect((await bot.run("--install", "--uninstall")).status).toBe(2);
});

test.skipIf(!canMakeAccounts)(
  "the real crontab of a fresh account (only root can make one, where cron is installed)",
  () => {
    const { home, program, as } = makeAccount();
    const setup = (deed: string) => as(process.execPath, program, "setup", "cron", deed);
    as("sh", "-c", "printf '# mine\\n5 5 * * * true\\n' | crontab -");
    expect(setup("--install")).toMatchObject({ status: 0, stderr: "" });
    const installed = as("crontab", "-l").stdout;
    expect(installed).toMatch(/^# mine\n5 5 \* \* \* true\n# >>> session-keeper >>>/);
    expect(setup("--install").stdout).toMatch(/already/);
    expect(as("crontab", "-l").stdout).toBe(installed);
    // the very line, as cron starts it: a short environment and a shell
    const line = /^3-59\/5 \S+ \S+ \S+ \S+ (.*)$/m.exec(installed)?.[1] ?? "";
    const path = /^PATH=(.*)$/m.exec(installed)?.[1] ?? "";
    const env = as("env", "-i", `PATH=${path}`, `HOME=${home}`, "SHELL=/bin/sh", "sh", "-c", line);
    expect(env).toMatchObject({ status: 0, stdout: "", stderr: "" });
    expect(setup("--uninstall").status).toBe(0);
    expect(as("crontab", "-l").stdout).toBe("# mine\n5 5 * * * true\n");
  },
);

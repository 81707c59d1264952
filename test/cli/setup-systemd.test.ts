import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { ReportDocument } from "../../src/report/document.ts";
import { giveTo, isRoot, needsRoot, OWNER } from "../crash/rotate-as.ts";
import { allFiles } from "../crash/scene.ts";
import { configure } from "../support/configure.ts";
import { type FakePrograms, fakePrograms } from "../support/fake-programs.ts";
import { type Home, makeHome } from "../support/home.ts";
import { keeper } from "../support/keeper.ts";
import { put, putFolder } from "../support/surroundings.ts";

type Scene = Home & { programs: FakePrograms; folder: string; run: typeof runSetup };

/** A user who is not root: root's units belong into the system itself, where a test must not write. */
function scene(): Scene {
  const home = makeHome();
  onTestFinished(home.remove);
  const programs = fakePrograms(home.root);
  programs.add("systemctl", "exit 0");
  giveTo(home, OWNER);
  return { ...home, programs, folder: join(home.root, ".config", "systemd", "user"), run: runSetup };
}

function runSetup(
  this: Scene,
  args: string[],
  env: Record<string, string> = {},
): ReportDocument & { status: number | null } {
  const binary = join(import.meta.dirname, "..", "..", "bin", "session-keeper.js");
  const become = isRoot ? ["setpriv", `--reuid=${OWNER}`, `--regid=${OWNER}`, "--clear-groups"] : [];
  const argv = [...become, process.execPath, binary, "setup", "systemd", "--json", ...args];
  const { status, stdout } = spawnSync(argv[0] ?? "", argv.slice(1), {
    encoding: "utf8",
    env: { PATH: this.programs.path, HOME: this.root, XDG_RUNTIME_DIR: "/nonexistent", ...env },
  });
  return { ...(JSON.parse(stdout) as ReportDocument), status };
}

const results = ({ changes = [] }: ReportDocument) => [
  ...new Set(changes.map(({ kind, result }) => `${kind} ${result}`)),
];

test("the units are written, put right, and taken out; nothing else is there before or after", () => {
  const bot = scene();
  const before = allFiles(bot.root);
  expect(results(bot.run(["--install", ...bot.args]))).toEqual(["unit-in done", "manager-missing planned"]);
  expect(readdirSync(bot.folder)).toHaveLength(10);
  expect(statSync(join(bot.folder, "session-keeper-rotate.timer")).mode & 0o777).toBe(0o644);
  expect(results(bot.run(["--install", ...bot.args]))).toEqual(["unit-in already-done", "manager-missing planned"]);
  const changed = bot.run(["--install", ...bot.args, "--archive-dir", "/a"]);
  expect(results(changed)).toEqual(["unit-in done", "unit-in already-done", "manager-missing planned"]);
  expect(results(bot.run(["--uninstall", ...bot.args]))).toEqual(["manager-missing planned", "unit-out done"]);
  expect(readdirSync(bot.folder)).toEqual([]);
  expect(allFiles(bot.root).filter((name) => !name.startsWith(".config"))).toEqual(before);
});

test("a dry run only tells", () => {
  const bot = scene();
  expect(results(bot.run(["--install", "-n", ...bot.args]))).toEqual(["unit-in planned", "manager-missing planned"]);
  expect(existsSync(bot.folder)).toBe(false);
});

test.for(["a file", "a link"])(
  "%s of somebody else's is never replaced or removed, and nothing is written beside it",
  (what) => {
    const bot = scene();
    const path = join(putFolder(bot.folder), "session-keeper-archive.service");
    const other = put(join(bot.root, "other"), "[Service]\n");
    if (what === "a link") symlinkSync(other, path);
    else put(path, "[Service]\n");
    giveTo(bot, OWNER);
    const report = bot.run(["--install", ...bot.args]);
    expect(report).toMatchObject({ status: 3, error: { message: `not made by session-keeper: ${path}` } });
    expect(readdirSync(bot.folder)).toEqual(["session-keeper-archive.service"]);
    expect(results(bot.run(["--uninstall", ...bot.args]))).toEqual(["units-out already-done"]);
    expect(readFileSync(path, "utf8")).toBe("[Service]\n");
  },
);

test("where the user's service manager can be reached, the timers start and stop", () => {
  const bot = scene();
  put(join(bot.root, "run", "systemd", "private"));
  giveTo(bot, OWNER);
  const env = { XDG_RUNTIME_DIR: join(bot.root, "run") };
  expect(results(bot.run(["--install", ...bot.args], env))).toEqual(["unit-in done", "timers-started done"]);
  const [reload, enable] = bot.programs.calls();
  expect(reload).toBe("systemctl --user daemon-reload");
  expect(enable).toMatch(/^systemctl --user enable --now( session-keeper-[a-z-]+\.timer){5}$/);
  const out = bot.run(["--uninstall", ...bot.args], env);
  expect(results(out)).toEqual(["timers-stopped done", "unit-out done", "units-reloaded done"]);
});

test("a service manager that refuses is a failure that says what is left to do", () => {
  const bot = scene();
  put(join(bot.root, "run", "systemd", "private"));
  bot.programs.add("systemctl", "echo 'Access denied' >&2; exit 1");
  giveTo(bot, OWNER);
  const report = bot.run(["--install", ...bot.args], { XDG_RUNTIME_DIR: join(bot.root, "run") });
  expect(report).toMatchObject({ status: 3, error: { message: expect.stringMatching(/Access denied/) } });
  expect(report.error?.hint).toMatch(/systemctl --user daemon-reload && systemctl --user enable/);
});

test("a restart by sudo keeps its rights", () => {
  const bot = scene();
  const { args } = configure(bot, { restart: ["sudo", "systemctl", "restart", "jarvis"] });
  giveTo(bot, OWNER);
  expect(bot.run(args).text).not.toMatch(/^NoNewPrivileges/m);
  expect(bot.run(bot.args).text).toMatch(/^NoNewPrivileges=yes$/m);
});

test.skipIf(!isRoot)(
  `for root the units are the system's, and write to what runs write to (${needsRoot})`,
  async () => {
    const bot = scene();
    const args = ["setup", "systemd", ...bot.args, "--archive-dir", join(bot.root, "archives", "deep")];
    const { stdout } = await keeper(args, { HOME: bot.root });
    expect(stdout).toMatch(/^# \/etc\/systemd\/system\/session-keeper-rotate\.service$/m);
    const writable = new Set(stdout.match(/^ReadWritePaths=.*$/gm));
    // what is not there yet is made in the nearest folder that is
    expect([...writable]).toEqual([`ReadWritePaths=-${bot.root}`]);
    const near = await keeper(["setup", "systemd", ...bot.args.slice(0, -2), "--state-dir", putFolder(bot.state)], {
      HOME: "/root",
    });
    expect([...new Set(near.stdout.match(/^ReadWritePaths=.*$/gm))]).toEqual(
      expect.arrayContaining([bot.claude, bot.openclaw, bot.state].map((path) => `ReadWritePaths=-${path}`)),
    );
  },
);

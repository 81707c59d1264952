import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** A user that is made for a test, with a home that holds the built program. `as` runs a command as that user. */
export type Account = {
  user: string;
  home: string;
  program: string;
  as: (...argv: string[]) => SpawnSyncReturns<string>;
};

const hasProgram = (program: string) => spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;

/** Whether this machine lets a test make a user with a crontab: root only, and where cron is installed. */
export const canMakeAccounts =
  process.geteuid?.() === 0 && ["crontab", "useradd", "userdel", "setpriv"].every(hasProgram);

/** Makes a user, who is gone after the test. */
export function makeAccount(): Account {
  const user = `keeper${process.pid}`;
  const made = spawnSync("useradd", ["--create-home", user], { encoding: "utf8" });
  if (made.status !== 0) throw new Error(made.stderr);
  onTestFinished(() => {
    spawnSync("crontab", ["-u", user, "-r"]);
    spawnSync("userdel", ["--remove", user]);
  });
  const [home, root] = [join("/home", user), join(import.meta.dirname, "..", "..")];
  for (const folder of ["bin", "dist"]) cpSync(join(root, folder), join(home, folder), { recursive: true });
  const as = (...argv: string[]) =>
    spawnSync("setpriv", [`--reuid=${user}`, `--regid=${user}`, "--init-groups", ...argv], {
      encoding: "utf8",
      env: { PATH: process.env.PATH, HOME: home },
      cwd: home,
    });
  return { user, home, program: join(home, "bin", "session-keeper.js"), as };
}

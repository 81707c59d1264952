import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { type Home, makeHome } from "./home.ts";
import { put } from "./surroundings.ts";

/** Programs of the machine that a test puts in the place of the real ones, with what they were called with. */
export type FakePrograms = {
  /** a search path with these first */
  path: string;
  add: (name: string, script: string) => void;
  calls: () => string[];
};

export function fakePrograms(root: string): FakePrograms {
  const [folder, log] = [join(root, "fake-bin"), join(root, "calls")];
  return {
    path: `${folder}:${process.env.PATH}`,
    add: (name, script) => {
      put(join(folder, name), `#!/bin/sh\necho "${name} $*" >> '${log}'\n${script}\n`, 0o755);
    },
    calls: () => (existsSync(log) ? readFileSync(log, "utf8").trimEnd().split("\n") : []),
  };
}

/** A home on a machine whose crontab is a file of the test's. `env`: to run the program in. */
export type CronScene = Home & { programs: FakePrograms; crontab: string; env: Record<string, string> };

export function cronScene(): CronScene {
  const home = makeHome();
  onTestFinished(home.remove);
  const programs = fakePrograms(home.root);
  const crontab = join(home.root, "crontab");
  fakeCrontab(programs, crontab);
  return { ...home, programs, crontab, env: { PATH: programs.path, HOME: home.root } };
}

/** A `crontab` that keeps what it is given in a file. */
function fakeCrontab(programs: FakePrograms, file: string): void {
  programs.add(
    "crontab",
    `f='${file}'
case "$1" in
  -l) [ -f "$f" ] && exec cat "$f"; echo "no crontab for jarvis" >&2; exit 1;;
  -r) exec rm "$f";;
  -) exec cat > "$f";;
esac
exit 2`,
  );
}

import { existsSync } from "node:fs";
import { join } from "node:path";
import { type CommandName, ownJobsIn } from "./own-jobs.ts";
import { namesIn, textOf } from "./readable.ts";

/** A systemd timer that starts one of this program's commands. `isEnabled`: it starts with the machine, or with its user. */
export type Timer = { path: string; scope: "system" | "user"; command: CommandName; isEnabled: boolean };

/** The timers of the system and of this user whose services call this program. Reads only. */
export function findTimers(homeDirectory: string): Timer[] {
  return [
    ...timersIn("/etc/systemd/system", "system"),
    ...timersIn("/etc/systemd/user", "user"),
    ...timersIn(join(homeDirectory, ".config", "systemd", "user"), "user"),
  ];
}

function timersIn(folder: string, scope: Timer["scope"]): Timer[] {
  return namesIn(folder)
    .filter((name) => name.endsWith(".timer"))
    .flatMap((name) => {
      const path = join(folder, name);
      const service = /^Unit=(\S+)/m.exec(textOf(path))?.[1] ?? name.replace(/timer$/, "service");
      const start = /^ExecStart=[-@:+!]*(.*)$/m.exec(textOf(join(folder, service)))?.[1] ?? "";
      const [call] = ownJobsIn([{ source: path, line: 1, schedule: "", command: start, variables: {} }]);
      const isEnabled = existsSync(join(folder, "timers.target.wants", name));
      return call ? [{ path, scope, command: call.command, isEnabled }] : [];
    });
}

import type { CommandName } from "./own-jobs.ts";

/** How often each command runs. No two of them begin in the same minute, none at 0, 5, 10, when all other crontabs begin. */
const SCHEDULE: readonly (readonly [when: string, command: CommandName, options: string, why: string])[] = [
  ["3-59/5 * * * *", "rotate", "", "mends what is broken, shortens what is too large"],
  ["1-59/5 * * * *", "clean-locks", "", "removes locks whose owner is gone"],
  ["22 */6 * * *", "archive", "", "archives what is idle or left over, before anybody deletes it"],
  ["39 * * * *", "validate-registry", " --repair", "holds every sessions.json against its files"],
  ["7 * * * *", "detect-corruption", "", "tells what is broken in any transcript, and in the logs"],
];

/** How cron is to call this program. */
export type Call = {
  /** the program as a word of a shell, Node before it where it needs that */
  program: string;
  /** folders that the search path has to hold */
  folders: readonly string[];
  /** what goes before the program: settings of variables, each with a blank behind it; empty: none */
  variables: string;
  /** options that lead to the same homes, each with a blank before it; empty: none */
  places: string;
};

/**
 * What stands in a crontab so that everything is looked after. Pure.
 *
 * @param searchPath what holds for the lines around: it goes on to hold
 * @param forRoot the lines are for the homes of several users
 */
export function cronLines(call: Call, searchPath: string, forRoot: boolean): string[] {
  const folders = [...call.folders, ...searchPath.split(":"), "/usr/local/bin", "/usr/bin", "/bin"].filter(Boolean);
  return [
    ...(forRoot
      ? [
          "# As root one line serves the bots of all users: list them in /etc/session-keeper/config.json5 or conf.d/*.json5.",
          "# The work on each home is done as its owner.",
        ]
      : []),
    `PATH=${[...new Set(folders)].join(":")}`,
    ...SCHEDULE.flatMap(([when, command, options, why]) => [
      `# ${command} ${why}.`,
      `${when} ${escaped(`${call.variables}${call.program} ${command}${options} --cron${call.places}`)}`,
    ]),
  ];
}

/** Cron takes what stands behind a percent sign for the input of the command. */
function escaped(command: string): string {
  return command.replaceAll("%", "\\%");
}

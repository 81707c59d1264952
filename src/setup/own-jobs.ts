import { basename } from "node:path";
import type { CronJob } from "./crontab.ts";

/** The commands that crontabs use. */
export const COMMANDS = ["rotate", "clean-locks", "archive", "validate-registry", "detect-corruption"] as const;
export type CommandName = (typeof COMMANDS)[number];

/** A call of this program in a crontab. `interpreter`: the word for Node before it. `variables`: its environment. */
export type OwnJob = {
  job: CronJob;
  interpreter?: string;
  program: string;
  command: CommandName;
  options: string[];
  variables: Record<string, string>;
};

/** The calls of this program's commands among what a crontab starts. Pure. */
export function ownJobsIn(jobs: readonly CronJob[]): OwnJob[] {
  return jobs.flatMap((job) => job.command.split(/&&|\|\||[;|&\n]/).flatMap((part) => callIn(part, job)));
}

function callIn(text: string, job: CronJob): OwnJob[] {
  const words = wordsOf(text);
  const at = words.findIndex((word) => /^session-keeper(\.[cm]?js)?$/.test(basename(word)));
  const program = words[at];
  const command = COMMANDS.find((name) => words.indexOf(name, at) > at);
  if (program === undefined || !command) return [];
  const before = words[at - 1] ?? "";
  const settings = words.slice(0, at).filter((word) => /^[A-Za-z_]\w*=/.test(word));
  return [
    {
      job,
      ...(/^node(js)?$/.test(basename(before)) ? { interpreter: before } : {}),
      program,
      command,
      options: words.slice(at + 1).filter((word) => word !== command && !/^\d?[<>]/.test(word)),
      variables: { ...job.variables, ...Object.fromEntries(settings.map(pairOf)) },
    },
  ];
}

function pairOf(setting: string): [string, string] {
  const at = setting.indexOf("=");
  return [setting.slice(0, at), setting.slice(at + 1)];
}

/** Words of a shell, without its quotes. */
function wordsOf(text: string): string[] {
  const words = text.match(/(?:[^\s"'\\]|\\.|"[^"]*"|'[^']*')+/g) ?? [];
  return words.map((word) =>
    word.replace(/\\(.)|"([^"]*)"|'([^']*)'/g, (_, plain, double, single) => plain ?? double ?? single ?? ""),
  );
}

/** A line of a crontab that starts something. `variables`: those set above it in the same file. */
export type CronJob = {
  /** the file, or in words whose crontab it is */
  source: string;
  /** counts from 1 */
  line: number;
  schedule: string;
  /** in the system's crontabs only */
  user?: string;
  command: string;
  variables: Record<string, string>;
};

const SETTING = /^\s*(?:"([^"]*)"|'([^']*)'|([A-Za-z_]\w*))\s*=\s*(.*?)\s*$/;
const JOB = /^\s*(@\w+|(?:[^\s#]\S*\s+){4}\S+)\s+(\S.*?)\s*$/;
const OWNED_JOB = /^\s*(@\w+|(?:[^\s#]\S*\s+){4}\S+)\s+(\S+)\s+(\S.*?)\s*$/;

/** Reads a crontab as cron does. `hasUsers`: a user's name stands before each command. Pure. */
export function parseCrontab(text: string, source: string, hasUsers: boolean): CronJob[] {
  const variables: Record<string, string> = {};
  const jobs: CronJob[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    if (/^\s*#/.test(line)) continue;
    const [isSetting, double, single, plain, value = ""] = SETTING.exec(line) ?? [];
    if (isSetting !== undefined) {
      variables[double ?? single ?? plain ?? ""] = unquote(value);
      continue;
    }
    const [matched, schedule = "", ...rest] = (hasUsers ? OWNED_JOB : JOB).exec(line) ?? [];
    if (matched === undefined) continue;
    const [user, command = ""] = hasUsers ? rest : [undefined, rest[0]];
    jobs.push({
      source,
      line: index + 1,
      schedule,
      ...(user === undefined ? {} : { user }),
      command: withoutInput(command),
      variables: { ...variables },
    });
  }
  return jobs;
}

/** Behind a percent sign begins what the command reads; with a backslash before it, it is only itself. */
function withoutInput(command: string): string {
  return command.replace(/(?<!\\)%.*$/, "").replaceAll("\\%", "%");
}

function unquote(value: string): string {
  const quoted = /^(["'])(.*)\1$/.exec(value);
  return quoted ? (quoted[2] ?? "") : value;
}

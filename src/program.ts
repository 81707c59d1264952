import { CommanderError, Option, Command as Program } from "commander";
import type { Command } from "./commands/command.ts";
import { commands } from "./commands/index.ts";
import { parseDuration } from "./config/units.ts";
import { KeeperError } from "./errors.ts";
import type { Request } from "./run/run.ts";

/** How the report shall look. */
export type OutputChoice = { json: boolean; quiet: boolean; verbose: boolean; color: "auto" | "always" | "never" };

/** A command line that was understood. `text`: help or the version, to be printed. */
export type Invocation =
  | { request: Request; output: OutputChoice }
  | { text: string; exitCode: number; toStderr: boolean };

const CRON_WAIT = "2m";
const CRON_MAX_RUNTIME = "30m";

const EXIT_CODES = `
Exit codes: 0 healthy, or all that was found was dealt with; 1 findings remain; 2 usage or configuration;
            3 something failed; 75 another run holds the lock; 128+n ended by signal n`;

/** Understands a command line. @throws KeeperError `usage` for one that can't be understood */
export function parseCommandLine(argv: readonly string[], version: string): Invocation {
  let printed = "";
  let invocation: Invocation | undefined;
  const program = new Program("session-keeper")
    .description("Keeps the session files of AI assistants (OpenClaw, Claude Code) healthy without losing a line.")
    .version(version, "-V, --version")
    .helpCommand(false)
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({ writeOut: (text) => (printed += text), writeErr: (text) => (printed += text) })
    .addHelpText("after", EXIT_CODES);
  for (const command of commands) addCommand(program, command, (understood) => (invocation = understood));
  try {
    program.parse([...argv], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return { text: printed, exitCode: 0, toStderr: false };
    if (argv.length === 0 || error.code === "commander.help") return { text: printed, exitCode: 2, toStderr: true };
    throw new KeeperError(
      "usage",
      error.message
        .replace(/^error: /, "")
        .split("\n")
        .join(" "),
      "nothing was done; session-keeper --help lists the commands, and --help behind one of them its options",
    );
  }
  return invocation ?? { text: program.helpInformation(), exitCode: 2, toStderr: true };
}

function addCommand(program: Program, command: Command, understood: (invocation: Invocation) => void): void {
  const child = program.command(command.name).description(command.summary).allowExcessArguments(false);
  for (const option of [...command.options, ...commonOptions()]) child.addOption(option);
  child.addHelpText(
    "after",
    `\nExamples:\n${command.examples.map((example) => `  ${example}`).join("\n")}\n${EXIT_CODES}`,
  );
  child.action((options: Options) => understood(toInvocation(command.name, options)));
}

type Options = {
  config?: string;
  installation: string[];
  openclawHome?: string;
  claudeHome?: string;
  gatewayLog: string[];
  archiveDir?: string;
  stateDir?: string;
  dryRun?: boolean;
  json?: boolean;
  quiet?: boolean;
  verbose?: boolean;
  color: "auto" | "always" | "never";
  wait?: string;
  maxRuntime?: string;
  cron?: boolean;
  maxSize?: string;
  strategy?: string;
  session?: string[];
  force?: boolean;
  personal?: string;
};

function commonOptions(): Option[] {
  const repeatable = (flags: string, text: string, unless: string) =>
    new Option(flags, `${text}; repeatable`)
      .argParser((value: string, before: string[]) => [...before, value])
      .default([], unless);
  const plain = (flags: string, text: string) => new Option(flags, text);
  return [
    plain("-c, --config <file>", "configuration file"),
    repeatable("-i, --installation <name>", "only this installation", "all"),
    plain("--openclaw-home <dir>", "OpenClaw state folder of the only installation"),
    plain("--claude-home <dir>", "Claude Code folder of the only installation"),
    repeatable("--gateway-log <file>", "its gateway's log, a glob, or journal:UNIT", "its usual places"),
    plain("--archive-dir <dir>", "where archives go"),
    plain("--state-dir <dir>", "where run locks, journal and log positions are kept"),
    plain("-n, --dry-run", "look and tell, change nothing"),
    plain("--json", "one JSON document on stdout"),
    plain("-q, --quiet", "problems only"),
    plain("-v, --verbose", "tell it also when all is well"),
    plain("--color <when>", "colours").choices(["auto", "always", "never"]).default("auto"),
    plain("--wait <duration>", "wait so long for another run to end (default: 0s)"),
    plain("--max-runtime <duration>", "stop after so long, between two steps"),
    plain("--cron", `only what is new; implies --wait ${CRON_WAIT} --max-runtime ${CRON_MAX_RUNTIME}`),
    plain("--yes", "do not ask").hideHelp(), // for the commands that ask
  ];
}

function toInvocation(command: string, options: Options): Invocation {
  const cron = options.cron === true;
  const sessions = options.session ?? [];
  const force = options.force === true;
  if (force && sessions.length === 0)
    throw new KeeperError("usage", "--force needs the sessions named: --session ID", "nothing was done");
  const wait = options.wait ?? (cron ? CRON_WAIT : undefined);
  const maxRuntime = options.maxRuntime ?? (cron ? CRON_MAX_RUNTIME : undefined);
  return {
    request: {
      command,
      flags: options,
      dryRun: options.dryRun === true,
      force,
      sessions,
      cron,
      waitMs: wait === undefined ? 0 : parseDuration(wait, "--wait"),
      maxRuntimeMs: maxRuntime === undefined ? null : parseDuration(maxRuntime, "--max-runtime"),
    },
    output: {
      json: options.json === true,
      quiet: options.quiet === true,
      verbose: options.verbose === true,
      color: options.color,
    },
  };
}

import { Argument, CommanderError, Option, Command as Program } from "commander";
import type { Command, OptionSpec, Verb } from "./commands/command.ts";
import { exitCodes } from "./commands/exit-codes.ts";
import { globalOptions } from "./commands/global-options.ts";
import { commands } from "./commands/index.ts";
import { KeeperError } from "./errors.ts";
import { type Invocation, type Options, toInvocation } from "./invocation.ts";
import { partsOf } from "./manual/examples.ts";
import { fold, hanging } from "./report/wrap.ts";

/**
 * Understands a command line.
 * @param columns how wide help may be
 * @throws KeeperError `usage` for one that can't be understood
 */
export function parseCommandLine(argv: readonly string[], version: string, columns = 80): Invocation {
  if (argv[0] === "help") return parseCommandLine([...argv.slice(1), "--help"], version, columns);
  let printed = "";
  let invocation: Invocation | undefined;
  const program = new Program("session-keeper")
    .description("Keeps the session files of AI assistants (OpenClaw, Claude Code) healthy without losing a line.")
    .version(version, "-V, --version")
    .helpCommand(false)
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => (printed += text),
      writeErr: (text) => (printed += text),
      getOutHelpWidth: () => columns,
      getErrHelpWidth: () => columns,
    })
    .configureHelp({
      subcommandTerm: (command) => command.name(),
      formatItem: (term, width, text) => entry(term, width, text, columns).join("\n"),
    })
    .addHelpText("after", () => ["", ...exitCodeLines(columns), "", ...table(MORE, columns)].join("\n"));
  for (const command of commands) addCommand(program, command, columns, (understood) => (invocation = understood));
  try {
    program.parse([...argv], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    const isMisspelt = error.code === "commander.helpDisplayed" && !isKnown(argv.filter(isWord));
    if (isMisspelt) return parseCommandLine(argv.filter(isWord), version);
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

const MORE = [
  ["session-keeper help COMMAND", "tells more of one"],
  ["session-keeper explain", "tells what can be found"],
];

const isWord = (argument: string) => !argument.startsWith("-");

/** Help for what is none would be help for something else. */
function isKnown([name, verb]: readonly string[]): boolean {
  const command = commands.find((one) => one.name === name);
  if (name === undefined || !command?.verbs || verb === undefined) return name === undefined || command !== undefined;
  return command.verbs.some((one) => one.name === verb);
}

type Understood = (invocation: Invocation) => void;

function addCommand(program: Program, command: Command, columns: number, understood: Understood): void {
  const child = program.command(command.name).description(command.summary).allowExcessArguments(false);
  if (command.verbs) {
    child.helpCommand(false).addHelpText("after", () => examplesOf(command, columns));
    for (const verb of command.verbs) addVerb(child, command.name, verb, columns, understood);
    return;
  }
  if (command.files) child.argument("[files...]", command.files);
  if (command.argument) child.addArgument(toArgument(command.argument));
  addOptions(child, command, columns);
  child.action((...given: unknown[]) => {
    const files = command.files ? (given.shift() as string[]) : [];
    const argument = command.argument ? (given.shift() as string | undefined) : undefined;
    understood(toInvocation(command.name, given[0] as Options, files, argument === undefined ? {} : { argument }));
  });
}

function addVerb(parent: Program, command: string, verb: Verb, columns: number, understood: Understood): void {
  const child = parent.command(verb.name).description(verb.summary).allowExcessArguments(false);
  if (verb.argument) child.addArgument(toArgument(verb.argument));
  addOptions(child, verb, columns);
  child.action((...given: unknown[]) => {
    const argument = verb.argument ? (given.shift() as string | undefined) : undefined;
    const asked = { verb: verb.name, ...(argument === undefined ? {} : { argument }) };
    understood(toInvocation(command, given[0] as Options, [], asked));
  });
}

const EVERYWHERE = "Options of every command:";

function addOptions(child: Program, of: Verb, columns: number): void {
  for (const spec of of.options) child.addOption(toOption(spec));
  for (const spec of globalOptions) child.addOption(toOption(spec).helpGroup(EVERYWHERE));
  child.addHelpOption(new Option("-h, --help", "display help for command").helpGroup(EVERYWHERE));
  child.addHelpText("after", () => examplesOf(of, columns));
}

function examplesOf({ examples }: { examples: readonly string[] }, columns: number): string {
  const rows = examples.map(partsOf).map(({ command, text }) => [command, text]);
  return ["", "Examples:", ...table(rows, columns), "", ...exitCodeLines(columns)].join("\n");
}

function exitCodeLines(columns: number): string[] {
  return ["Exit codes:", ...table(exitCodes, columns)];
}

/** Terms, each with its text beside it; below it, where there is no room. */
function table(rows: readonly (readonly (string | undefined)[])[], columns: number): string[] {
  const width = Math.max(...rows.map(([term = ""]) => term.length));
  const isWide = rows.every(([, text = ""]) => 4 + width + text.length <= columns);
  return rows.flatMap(([term = "", text]) => entry(term, isWide ? width : Math.max(width, columns), text, columns));
}

/** So much room a text needs beside its term. */
const LEAST_ROOM = 36;

function entry(term: string, width: number, text: string | undefined, columns: number): string[] {
  if (!text) return [`  ${term}`];
  if (4 + width + Math.min(text.length, LEAST_ROOM) > columns)
    return [`  ${term}`, ...fold(`${hanging("      ")}${text}`, columns)];
  return fold(`${hanging(`  ${term.padEnd(width)}  `)}${text}`, columns);
}

function toArgument({ name, text, choices }: NonNullable<Verb["argument"]>): Argument {
  const argument = new Argument(name, text);
  return choices ? argument.choices([...choices]) : argument;
}

function toOption({ flags, text, choices, listElse, defaultValue, isHidden }: OptionSpec): Option {
  const option = new Option(flags, text);
  if (choices) option.choices([...choices]);
  if (listElse) option.argParser((value: string, before: string[]) => [...before, value]).default([], listElse);
  if (defaultValue) option.default(defaultValue);
  if (isHidden) option.hideHelp();
  return option;
}

import { CommanderError, Option, Command as Program } from "commander";
import type { Command, OptionSpec, Verb } from "./commands/command.ts";
import { globalOptions } from "./commands/global-options.ts";
import { commands } from "./commands/index.ts";
import { KeeperError } from "./errors.ts";
import { type Invocation, type Options, toInvocation } from "./invocation.ts";

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

type Understood = (invocation: Invocation) => void;

function addCommand(program: Program, command: Command, understood: Understood): void {
  const child = program.command(command.name).description(command.summary).allowExcessArguments(false);
  if (command.verbs) {
    child.helpCommand(false).addHelpText("after", examplesOf(command));
    for (const verb of command.verbs) addVerb(child, command.name, verb, understood);
    return;
  }
  if (command.files) child.argument("[files...]", command.files);
  addOptions(child, command);
  child.action((...given: unknown[]) => {
    const files = command.files ? (given.shift() as string[]) : [];
    understood(toInvocation(command.name, given[0] as Options, files));
  });
}

function addVerb(parent: Program, command: string, verb: Verb, understood: Understood): void {
  const child = parent.command(verb.name).description(verb.summary).allowExcessArguments(false);
  if (verb.argument) child.argument(verb.argument.name, verb.argument.text);
  addOptions(child, verb);
  child.action((...given: unknown[]) => {
    const argument = verb.argument ? (given.shift() as string) : "";
    understood(toInvocation(command, given[0] as Options, [], { name: verb.name, argument }));
  });
}

function addOptions(child: Program, of: Verb): void {
  for (const spec of [...of.options, ...globalOptions]) child.addOption(toOption(spec));
  child.addHelpText("after", examplesOf(of));
}

function examplesOf({ examples }: { examples: readonly string[] }): string {
  return `\nExamples:\n${examples.map((example) => `  ${example}`).join("\n")}\n${EXIT_CODES}`;
}

function toOption({ flags, text, choices, listElse, defaultValue, isHidden }: OptionSpec): Option {
  const option = new Option(flags, text);
  if (choices) option.choices([...choices]);
  if (listElse) option.argParser((value: string, before: string[]) => [...before, value]).default([], listElse);
  if (defaultValue) option.default(defaultValue);
  if (isHidden) option.hideHelp();
  return option;
}

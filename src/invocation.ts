import type { OptionSpec } from "./commands/command.ts";
import { CRON_MAX_RUNTIME, CRON_WAIT, globalOptions } from "./commands/global-options.ts";
import { commands } from "./commands/index.ts";
import { parseDuration, quoteValue } from "./config/units.ts";
import { KeeperError } from "./errors.ts";
import type { Shell } from "./manual/completion.ts";
import type { RestoreRequest } from "./run/restore.ts";
import type { Request } from "./run/run.ts";
import type { SetupRequest } from "./run/setup.ts";

/** How the report shall look. */
export type OutputChoice = { json: boolean; quiet: boolean; verbose: boolean; color: "auto" | "always" | "never" };

/** A command line that was understood. `text`: help or the version, to be printed. */
export type Invocation =
  | { request: Request; output: OutputChoice }
  | { text: string; exitCode: number; toStderr: boolean };

/** Options by their long names in camel case, as the person gave them. */
export type Options = Record<string, string | string[] | boolean | undefined>;

/**
 * Reads a command line that holds a command, files, and options in their plain forms (`--name`, `--name VALUE`, `-n`), as
 * crontabs do. Undefined for anything else, help and mistakes included: those are for commander, which an idle run then
 * does without (it costs a quarter of the time of `node -e 0`).
 */
export function readUsualCommandLine(argv: readonly string[]): Invocation | undefined {
  const command = commands.find(({ name }) => name === argv[0]);
  if (!command || command.verbs || command.argument) return undefined;
  const specs = [...command.options, ...globalOptions];
  const options: Options = {};
  for (const spec of specs) {
    if (spec.listElse) options[nameOf(spec)] = [];
    if (spec.defaultValue) options[nameOf(spec)] = spec.defaultValue;
  }
  const files: string[] = [];
  for (let at = 1; at < argv.length; at += 1) {
    const argument = argv[at] ?? "";
    if (command.files && !argument.startsWith("-")) {
      files.push(argument);
      continue;
    }
    const spec = specs.find(({ flags }) => flags.split(/, | /).includes(argument));
    if (!spec) return undefined;
    const name = nameOf(spec);
    if (!spec.flags.includes("<")) {
      options[name] = true;
      continue;
    }
    at += 1;
    const value = argv[at];
    if (value === undefined || value.startsWith("-") || spec.choices?.includes(value) === false) return undefined;
    options[name] = spec.listElse ? [...((options[name] as string[] | undefined) ?? []), value] : value;
  }
  return toInvocation(command.name, options, files);
}

/**
 * Puts options into units. `files`: what was named besides. `asked`: what the command was told to do, and to what.
 * @throws KeeperError `usage` for a value that cannot be
 */
export function toInvocation(
  command: string,
  options: Options,
  files: readonly string[] = [],
  asked: { verb?: string; argument?: string } = {},
): Invocation {
  const { verb, argument } = asked;
  const text = (name: string) => options[name] as string | undefined;
  const cron = options.cron === true;
  const sessions = (options.session as string[] | undefined) ?? [];
  const force = options.force === true;
  if (force && command === "rotate" && sessions.length === 0)
    throw new KeeperError("usage", "--force needs the sessions named: --session ID", "nothing was done");
  if ((options.resolveStrays === true || options.restart === true) && options.repair !== true)
    throw new KeeperError("usage", "--resolve-strays and --restart go with --repair", "nothing was done");
  const wait = text("wait") ?? (cron ? CRON_WAIT : undefined);
  const maxRuntime = text("maxRuntime") ?? (cron ? CRON_MAX_RUNTIME : undefined);
  return {
    request: {
      command,
      flags: options as Request["flags"],
      dryRun: options.dryRun === true,
      force,
      sessions,
      files: [...files],
      repair: options.repair === true,
      resolveStrays: options.resolveStrays === true,
      restart: options.restart === true,
      errorText: text("error") ?? null,
      htmlFile: text("html") ?? null,
      cron,
      yes: options.yes === true,
      waitMs: wait === undefined ? 0 : parseDuration(wait, "--wait"),
      maxRuntimeMs: maxRuntime === undefined ? null : parseDuration(maxRuntime, "--max-runtime"),
      ...(verb && command === "restore" ? { restore: toRestoreRequest(verb, argument ?? "", options) } : {}),
      ...(verb && command === "setup" ? { setup: toSetupRequest(verb, argument ?? "", options) } : {}),
      ...(command === "explain" ? { explain: { kind: argument ?? null } } : {}),
    },
    output: {
      json: options.json === true,
      quiet: options.quiet === true,
      verbose: options.verbose === true,
      color: (text("color") ?? "auto") as OutputChoice["color"],
    },
  };
}

/** How long ago (milliseconds): a duration, or what passed since a day or a time, which is UTC unless it says otherwise. */
function parseSince(text: string): number {
  const at = /^\d{4}-\d{2}-\d{2}(?:T.*)?$/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? parseDuration(text, "--since") : Date.now() - at;
}

function toRestoreRequest(verb: string, argument: string, options: Options): RestoreRequest {
  const text = (name: string) => options[name] as string | undefined;
  const [since, segment, sample, to] = [text("since"), text("segment"), text("sample"), text("to")];
  if (verb === "list")
    return {
      verb,
      sinceMs: since === undefined ? null : parseSince(since),
      reason: text("reason") ?? null,
    };
  if (verb === "verify") {
    refuseBoth(options.all === true && sample !== undefined, "--all and --sample");
    return { verb, sample: sample === undefined ? null : parseCount(sample, "--sample") };
  }
  if (verb === "undo") return { verb, runId: argument, mayDisturb: options.yes === true };
  refuseBoth(options.full === true && segment !== undefined, "--full and --segment");
  refuseBoth(
    options.json === true && to === undefined && options.dryRun !== true,
    "the lines and the document of --json, without --to,",
  );
  const part = segment === undefined ? (options.full === true ? "full" : "newest") : parseCount(segment, "--segment");
  return { verb: "get", what: argument, part, to: to ?? null, mayReplace: options.yes === true };
}

function toSetupRequest(verb: string, argument: string, options: Options): SetupRequest {
  if (verb === "check" || verb === "config" || verb === "logrotate" || verb === "man") return { verb };
  if (verb === "completion") return { verb, shell: argument as Shell };
  if (verb === "metrics") return { verb, what: options.dashboard === true ? "dashboard" : "rules" };
  if (verb === "template") return { verb, name: argument, home: (options.home as string | undefined) ?? null };
  const [install, uninstall] = [options.install === true, options.uninstall === true];
  refuseBoth(install && uninstall, "--install and --uninstall");
  const deed = install ? "install" : uninstall ? "uninstall" : "print";
  return { verb: verb === "systemd" ? verb : "cron", deed };
}

function refuseBoth(areBoth: boolean, what: string): void {
  if (areBoth) throw new KeeperError("usage", `${what} do not go together`, "nothing was done; choose one of them");
}

function parseCount(text: string, option: string): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(count) && count > 0) return count;
  throw new KeeperError(
    "usage",
    `${option}: expected a number from 1 on, got ${quoteValue(text)}`,
    "nothing was done; restore list tells the numbers",
  );
}

function nameOf({ flags }: OptionSpec): string {
  const long = /--([a-z-]+)/.exec(flags)?.[1] ?? "";
  return long.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

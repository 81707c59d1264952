import { fstatSync } from "node:fs";
import { homedir } from "node:os";
import { version } from "../package.json";
import { errnoOf, KeeperError } from "./errors.ts";
import { type Invocation, type OutputChoice, readUsualCommandLine } from "./invocation.ts";
import type { ReportDocument } from "./report/document.ts";
import { beginReport, finishReport } from "./report/document.ts";
import { describeFailure } from "./run/prospects.ts";
import type { Output } from "./run/restore.ts";
import { type Request, run } from "./run/run.ts";

/** /dev/null on Linux */
const NULL_DEVICE = 0x103;

/** Node's timers hold no more: 24 days. */
const LONGEST_MS = 2 ** 31 - 1;

/** The process edge: arguments, signals, streams and exit code. */
async function main(): Promise<void> {
  if (process.argv[2] === "--worker") {
    await (await import("./run/worker.ts")).serve(version);
    return;
  }
  let invocation: Invocation;
  try {
    const argv = process.argv.slice(2);
    invocation =
      readUsualCommandLine(argv) ??
      (await import("./program.ts")).parseCommandLine(argv, version, process.stdout.columns);
  } catch (error) {
    await failBeforeRun(error, 2);
    return;
  }
  if ("text" in invocation) {
    say(invocation.toStderr ? 2 : 1, invocation.text);
    end(invocation.exitCode);
    return;
  }
  const stop = new AbortController();
  let exitBySignal: number | undefined;
  for (const [signal, number] of [
    ["SIGINT", 2],
    ["SIGTERM", 15],
    ["SIGHUP", 1],
  ] as const) {
    // stays: without it the lock library takes the signal for the end of the process, and ends it in the middle of a step
    process.on(signal, () => {
      if (exitBySignal !== undefined) process.exit(exitBySignal); // asked a second time
      exitBySignal = 128 + number;
      stop.abort(stopped(`stopped by ${signal}`));
    });
  }
  const { request } = invocation;
  if (request.maxRuntimeMs !== null) {
    const giveUp = () => stop.abort(stopped("stopped, because --max-runtime was reached"));
    setTimeout(giveUp, Math.min(request.maxRuntimeMs, LONGEST_MS)).unref();
  }
  const surroundings = {
    env: process.env,
    homeDirectory: homeDirectory(),
    uid: process.geteuid?.() ?? 0,
    cwd: currentFolder(),
    systemDirectory: "/etc/session-keeper",
  };
  if (showsProgress(request, invocation.output)) (await import("./run/show-progress.ts")).showProgress();
  const mayAsk = request.force && !request.yes && process.stdin.isTTY && process.stderr.isTTY;
  const ask = mayAsk ? (await import("./run/ask.ts")).askPerson : undefined;
  const { verbose } = invocation.output;
  const warn = (text: string, isMinor: boolean) => {
    if (verbose || !isMinor) say(2, `session-keeper: ${text}\n`);
  };
  const world = { surroundings, version, signal: stop.signal, output, warn, ...(ask ? { ask } : {}) };
  const report = await run(request, world);
  if (exitBySignal !== undefined) report.exitCode = exitBySignal;
  await print(report, invocation.output, request);
  end(report.exitCode);
}

/** Tells of what went wrong where there is no run to tell of it. */
async function failBeforeRun(error: unknown, exitCode: number): Promise<void> {
  const failure = describeFailure(error);
  if (process.argv.includes("--json")) {
    const isDryRun = process.argv.includes("--dry-run") || process.argv.includes("-n");
    const begun = beginReport(process.argv[2] ?? "", version, isDryRun);
    say(1, `${JSON.stringify({ ...finishReport(begun, [], failure), exitCode })}\n`);
  }
  const [{ fold }, { speaksUtf8, toAscii }] = [await import("./report/wrap.ts"), await import("./report/ascii.ts")];
  const spell = (line: string) => (speaksUtf8(process.env) ? line : toAscii(line, process.stderr.isTTY));
  const lines = [`session-keeper: ${failure.message}`, `  ${failure.hint}`];
  say(2, `${lines.flatMap((line) => fold(spell(line), process.stderr.columns)).join("\n")}\n`);
  end(exitCode);
}

function stopped(how: string): KeeperError {
  return new KeeperError("stopped", how, "what was not done yet was left as it was; the next run goes on from here");
}

let isUntold = false;

/** A stream that takes no more, such as a full disk's, is a failure; a reader that has seen enough, such as `head`, is none. */
function say(descriptor: 1 | 2, text: string): void {
  const stream = descriptor === 1 ? process.stdout : process.stderr;
  if (stream.listenerCount("error") === 0)
    stream.on("error", (error) => {
      if (errnoOf(error) === "EPIPE" || isUntold) return;
      isUntold = true;
      end(3);
      if (descriptor === 1) say(2, `session-keeper: the results cannot be written (${errnoOf(error)})\n`);
    });
  stream.write(text);
}

function end(exitCode: number): void {
  process.exitCode = isUntold ? 3 : exitCode;
}

/** One that was removed under us has no name; only relative paths need one. */
function currentFolder(): string {
  try {
    return process.cwd();
  } catch {
    return "/";
  }
}

/** A user that this host does not know, as in containers, has none; what needs no home works all the same. */
function homeDirectory(): string {
  try {
    return homedir();
  } catch {
    return "/";
  }
}

/** Standard output for bytes that may be many. A reader that has seen enough, such as `head`, is no failure. */
const output: Output = {
  isTerminal: () => isTerminalAt(1),
  async write(pieces) {
    let isClosed = false;
    const write = (piece: Uint8Array) =>
      new Promise<void>((resolve, reject) => {
        process.stdout.write(piece, (error) => {
          if (errnoOf(error) === "EPIPE") isClosed = true;
          if (error && !isClosed) reject(error);
          else resolve();
        });
      });
    if (process.stdout.listenerCount("error") === 0) process.stdout.on("error", () => undefined); // each write is told of its own
    for await (const piece of pieces) {
      await write(piece);
      if (isClosed) return;
    }
  },
};

async function print(report: ReportDocument, choice: OutputChoice, { cron: onlyNew, flags }: Request): Promise<void> {
  if (choice.json) {
    const { toJson } = await import("./report/to-json.ts");
    await output.write(inBlocks(toJson(report)));
    return;
  }
  const isTerminal = isTerminalAt(1);
  const isQuietRun =
    !isTerminal &&
    !choice.verbose &&
    report.command !== "status" &&
    report.command !== "setup" &&
    report.command !== "explain" &&
    report.verb !== "list" &&
    report.verb !== "undo" &&
    report.error === undefined &&
    report.installations.every(
      ({ actions, findings, copy, failure }) =>
        !failure &&
        !copy &&
        actions.every(({ kind }) => kind === "notify") &&
        findings.every(({ severity }) => severity === "info"),
    );
  if (isQuietRun) return;
  const { speaksUtf8 } = await import("./report/ascii.ts");
  const { placesIn } = await import("./report/places.ts");
  const { renderForPeople } = await import("./report/human.ts");
  const takesColor = (isShown: boolean) =>
    choice.color === "always" ||
    (choice.color === "auto" && isShown && !process.env.NO_COLOR && process.env.TERM !== "dumb");
  const { results, problems } = renderForPeople(report, {
    isTerminal,
    color: takesColor(isTerminal),
    problemsColor: takesColor(isTerminalAt(2)),
    verbose: choice.verbose,
    quiet: choice.quiet,
    onlyNew,
    places: placesIn(flags),
    width: (isTerminal && process.stdout.columns) || 80,
    unicode: speaksUtf8(process.env),
  });
  if (results !== "") say(1, results);
  if (problems !== "") say(2, problems);
}

const BLOCK_CHARACTERS = 65_536;

async function* inBlocks(pieces: Iterable<string>): AsyncGenerator<Uint8Array> {
  let text = "";
  for (const piece of pieces) {
    text += piece;
    if (text.length < BLOCK_CHARACTERS) continue;
    yield Buffer.from(text);
    text = "";
  }
  if (text !== "") yield Buffer.from(text);
}

/** For a person at a terminal that can erase a line; not where a copy of a session runs over the same screen. */
function showsProgress({ restore }: Request, { json, quiet }: OutputChoice): boolean {
  if (json || quiet || !isTerminalAt(2) || process.env.TERM === "dumb") return false;
  return !(restore?.verb === "get" && restore.to === null && isTerminalAt(1));
}

/** Asks the system first: making Node's streams costs an idle run milliseconds, and cron's are never a terminal. */
function isTerminalAt(descriptor: 1 | 2): boolean {
  const stats = fstatSync(descriptor);
  if (!stats.isCharacterDevice() || stats.rdev === NULL_DEVICE) return false;
  return (descriptor === 1 ? process.stdout : process.stderr).isTTY === true;
}

main().catch((error: unknown) => failBeforeRun(error, 3));

/** What became of a command. `status` null: it was ended by a signal, by its time limit or could not be started. */
export type CommandResult = {
  status: number | null;
  timedOut: boolean;
  failure?: string;
  stdout: string;
  stderr: string;
};

const OUTPUT_LIMIT_BYTES = 256 * 1024;

/**
 * Runs a command given as a list of arguments, without a shell, and waits for it.
 *
 * Its output is kept up to 256 KiB a stream, the rest is read and dropped. At the time limit (milliseconds) it gets
 * SIGTERM, two seconds later SIGKILL, and so does everything it started (it leads a process group of its own).
 *
 * @param options.encoding how its output becomes text; UTF-8 where nothing is said
 * @param options.stdin a descriptor of ours that becomes its standard input
 * @param options.input text for its standard input, which it need not read; without either it has none
 */
export async function runCommand(
  argv: readonly string[],
  options: {
    timeoutMs: number;
    env?: NodeJS.ProcessEnv;
    signal?: AbortSignal;
    stdin?: number;
    input?: string;
    encoding?: "latin1";
  },
): Promise<CommandResult> {
  const { spawn } = await import("node:child_process"); // an idle run needs no command
  return new Promise((resolve) => {
    const [program = "", ...rest] = argv;
    const child = spawn(program, rest, {
      stdio: [options.stdin ?? (options.input === undefined ? "ignore" : "pipe"), "pipe", "pipe"],
      env: options.env ?? process.env,
      detached: true,
    });
    child.stdin?.on("error", () => undefined).end(options.input); // it may have ended without reading
    const out = { stdout: "", stderr: "" };
    let timedOut = false;
    const end = (signal: NodeJS.Signals) => {
      try {
        if (child.pid) process.kill(-child.pid, signal);
      } catch {
        // ended by itself
      }
    };
    const stop = () => {
      end("SIGTERM");
      hardStop ??= setTimeout(() => {
        end("SIGKILL");
        // a process that left the group may hold the other ends open for ever
        for (const stream of [child.stdout, child.stderr]) stream?.destroy();
      }, 2000);
    };
    let hardStop: NodeJS.Timeout | undefined;
    const limit = setTimeout(() => {
      timedOut = true;
      stop();
    }, options.timeoutMs);
    options.signal?.addEventListener("abort", stop, { once: true });
    const finish = (result: Omit<CommandResult, "stdout" | "stderr" | "timedOut">) => {
      clearTimeout(limit);
      clearTimeout(hardStop);
      options.signal?.removeEventListener("abort", stop);
      resolve({ ...result, timedOut, ...out });
    };
    for (const stream of ["stdout", "stderr"] as const)
      child[stream]?.setEncoding(options.encoding ?? "utf8").on("data", (text: string) => {
        if (out[stream].length < OUTPUT_LIMIT_BYTES) out[stream] += text;
      });
    child.on("error", (error) => finish({ status: null, failure: error.message }));
    child.on("close", (status) => finish({ status }));
  });
}

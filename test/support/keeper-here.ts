import { homedir } from "node:os";
import { parseCommandLine } from "../../src/program.ts";
import type { ReportDocument } from "../../src/report/document.ts";
import { run } from "../../src/run/run.ts";

/**
 * Runs a command line inside this process, on the sources: for checks that need hundreds of runs, since most of the time of one
 * in a process of its own goes into its start. `bytes`: what went to stdout as such, of `restore get`.
 */
export async function keeperHere(args: readonly string[]): Promise<ReportDocument & { bytes: Buffer }> {
  const invocation = parseCommandLine(args, "0.0.0");
  if ("text" in invocation) throw new Error(invocation.text);
  const pieces: Buffer[] = [];
  const surroundings = {
    env: { PATH: process.env.PATH, TZ: "UTC" },
    homeDirectory: homedir(),
    uid: process.geteuid?.() ?? 0,
    cwd: process.cwd(),
    systemDirectory: "/etc/session-keeper",
  };
  const output = {
    isTerminal: () => false,
    async write(given: AsyncIterable<Uint8Array>) {
      for await (const piece of given) pieces.push(Buffer.from(piece));
    },
  };
  const signal = new AbortController().signal;
  const report = await run(invocation.request, { surroundings, version: "0.0.0", signal, output });
  return { ...report, bytes: Buffer.concat(pieces) };
}

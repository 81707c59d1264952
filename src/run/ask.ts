import { createInterface } from "node:readline/promises";

/** Asks a person at the terminal for a yes; anything else is a no. On stderr, because a program may read stdout. */
export async function askPerson(question: string, signal: AbortSignal): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  terminal.on("SIGINT", () => process.kill(process.pid, "SIGINT")); // the terminal would keep it to itself
  const isClosed = new Promise<string>((resolve) => terminal.once("close", () => resolve("")));
  try {
    const answer = await Promise.race([terminal.question(`${question} [y/N] `, { signal }), isClosed]);
    return /^y(es)?$/i.test(answer.trim());
  } catch {
    return false; // a signal
  } finally {
    terminal.close();
  }
}

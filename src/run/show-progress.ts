import { lookOn } from "../progress.ts";
import { progressBar } from "../report/progress-bar.ts";

/** Shows on the terminal of standard error how far long work is, from now on, and leaves nothing there at the end. */
export function showProgress(): void {
  const { stderr } = process;
  const bar = progressBar({
    columns: () => stderr.columns || 80,
    write: (text) => stderr.write(text),
    nowMs: () => performance.now(),
  });
  lookOn(bar);
  process.once("exit", bar.erase); // also of a process that is told a second time to stop
}

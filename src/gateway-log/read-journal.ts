import { errnoOf, KeeperError } from "../errors.ts";
import { parseLogLine } from "./line.ts";

/** How far a unit's journal was read. `cursor` empty: it held nothing yet. `seenAt`: epoch ms of the look. */
export type JournalPosition = { cursor: string; seenAt: number };

export type JournalOptions = {
  /** Epoch ms: without a cursor, entries of before are not delivered. */
  since: number;
  now: number;
  /** Fixed strings, one of which stands in every line worth delivering; none: every line. */
  needles: readonly string[];
  /** `journalctl` is looked for on its PATH. */
  env: NodeJS.ProcessEnv;
  timeoutMs?: number;
  signal?: AbortSignal | undefined;
  /** `at`: epoch ms of the line's own date, else of the entry. */
  onLine: (line: string, at: number) => void;
};

/**
 * Delivers the lines that a systemd unit (of the system or of the user) logged since `position`, through journalctl.
 *
 * When the journal no longer knows the cursor, reading goes on from the time of the last look. When journalctl takes longer
 * than the time limit (default one minute), what it gave so far counts, and the next look goes on from there.
 *
 * @throws KeeperError when journalctl is missing or fails
 */
export async function readJournal(
  unit: string,
  position: JournalPosition | undefined,
  options: JournalOptions,
): Promise<{ position: JournalPosition; bytesRead: number }> {
  if (position?.cursor) {
    const run = await runJournalctl(unit, [`--after-cursor=${position.cursor}`], Number.NEGATIVE_INFINITY, options);
    const isUsable = run.status === 0 || run.rows > 0;
    if (isUsable)
      return {
        position: run.cursor ? { cursor: run.cursor, seenAt: options.now } : position,
        bytesRead: run.bytesRead,
      };
  }
  const since = position?.seenAt ?? options.since;
  const run = await runJournalctl(unit, [`--since=@${Math.floor(since / 1000)}`], since, options);
  if (run.status !== 0 && run.rows === 0) throw journalError(unit, run);
  const seenAt = run.rows > 0 || !position || position.cursor ? options.now : position.seenAt;
  return { position: { cursor: run.cursor ?? "", seenAt }, bytesRead: run.bytesRead };
}

type Run = {
  status: number | null;
  timedOut: boolean;
  rows: number;
  bytesRead: number;
  cursor: string | undefined;
  stderr: string;
};

/** Streams the output of journalctl; entries older than `since` are left out, because it knows whole seconds only. */
async function runJournalctl(
  unit: string,
  from: readonly string[],
  since: number,
  options: JournalOptions,
): Promise<Run> {
  // Without --all journalctl leaves out messages over 4 KiB, which the gateway's crash lines often are.
  const args = ["--no-pager", "--quiet", "--all", "--output=json", "-u", unit, "--user-unit", unit, ...from];
  const { signal, timeoutMs = 60_000 } = options;
  const { spawn } = await import("node:child_process"); // most logs are files, and an idle run loads what it needs only
  const child = spawn("journalctl", args, { stdio: ["ignore", "pipe", "pipe"], env: { ...options.env, LC_ALL: "C" } });
  const run: Run = { status: null, timedOut: false, rows: 0, bytesRead: 0, cursor: undefined, stderr: "" };
  const closed = new Promise<number | null>((resolve, reject) => child.once("error", reject).once("close", resolve));
  closed.catch(() => undefined);
  const kill = () => child.kill("SIGKILL");
  const limit = setTimeout(() => {
    run.timedOut = true;
    kill();
  }, timeoutMs);
  signal?.addEventListener("abort", kill, { once: true });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    if (run.stderr.length < 1000) run.stderr += text;
  });
  const take = rowReader(run, since, options);
  try {
    let rest = "";
    for await (const text of child.stdout.setEncoding("utf8")) {
      run.bytesRead += Buffer.byteLength(text);
      const rows = (rest + text).split("\n");
      rest = rows.pop() ?? "";
      for (const row of rows) take(row);
    }
    run.status = await closed;
    // A row that was broken off comes again after the cursor of the one before.
    if (run.status === 0 && rest) take(rest);
  } catch (error) {
    throw errnoOf(error) === "ENOENT" ? journalctlMissing(unit) : error;
  } finally {
    clearTimeout(limit);
    signal?.removeEventListener("abort", kill);
  }
  signal?.throwIfAborted();
  return run;
}

/** Takes one row of output: an entry as JSON, or a plain line of a journalctl that was told otherwise. */
function rowReader(run: Run, since: number, { needles, onLine }: JournalOptions): (row: string) => void {
  const escaped = needles.map((needle) => JSON.stringify(needle).slice(1, -1));
  let lastAt: number | undefined;
  return (row) => {
    if (row === "" || row.startsWith("-- ")) return;
    run.rows++;
    const cursor = CURSOR.exec(row);
    run.cursor = cursor?.[1] ?? run.cursor;
    const isWorthIt = needles.length === 0 || MESSAGE_BYTES.test(row) || escaped.some((needle) => row.includes(needle));
    if (cursor && !isWorthIt) return;
    const entry = cursor ? readEntry(row) : { text: row, at: parseLogLine(row).at };
    const at = entry.at ?? lastAt;
    lastAt = at;
    if (at === undefined || at < since) return;
    for (const line of entry.text.split("\n")) onLine(line, parseLogLine(line).at ?? at);
  };
}

const CURSOR = /^\{.*?"__CURSOR"\s?:\s?"([^"\\]+)"/;
/** Colours and the like make journald write a message as a list of bytes, in which no needle can be found. */
const MESSAGE_BYTES = /"MESSAGE"\s?:\s?\[/;

function readEntry(row: string): { text: string; at: number | undefined } {
  try {
    const { MESSAGE, __REALTIME_TIMESTAMP } = JSON.parse(row);
    const at = Number(__REALTIME_TIMESTAMP) / 1000;
    return { text: messageText(MESSAGE), at: at > 0 ? Math.floor(at) : undefined };
  } catch {
    return { text: "", at: undefined };
  }
}

/** A message is text, a list of bytes, a list of such messages, or null. */
function messageText(message: unknown): string {
  if (typeof message === "string") return message;
  if (!Array.isArray(message)) return "";
  if (message.every((byte) => typeof byte === "number")) return Buffer.from(message).toString();
  return message.map(messageText).join("\n");
}

function journalctlMissing(unit: string): KeeperError {
  return new KeeperError(
    "failed",
    `the journal of ${unit} cannot be read: there is no journalctl on the PATH`,
    "Nothing was changed. Put journalctl on the PATH (in a crontab set PATH=), or name the gateway's log file under gateway.logs instead.",
  );
}

function journalError(unit: string, { status, timedOut, stderr }: Run): KeeperError {
  const told = stderr.trim().split("\n")[0]?.slice(0, 200);
  const why = timedOut
    ? "journalctl took too long"
    : `journalctl ended with ${status ?? "a signal"}${told ? `: ${told}` : ""}`;
  const hint = `Nothing was changed, and no line is lost: the next run reads on. Try 'journalctl -u ${unit}' as the same user; reading a system unit takes membership in the group systemd-journal or adm.`;
  return new KeeperError("failed", `the journal of ${unit} cannot be read: ${why}`, hint);
}

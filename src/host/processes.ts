import { readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { errnoOf } from "../errors.ts";

/** Linux counts process times in hundredths of a second for every user-visible interface. */
const TICKS_PER_SECOND = 100;
const O_APPEND = 0o2000;

/** A process that has a file open. `appends`: each write goes to the end, wherever that is by then. */
export type Holder = { pid: number; writes: boolean; appends: boolean };

type FileId = { device: number; inode: number };

/** True when a process with this id exists. A process that we may not signal (EPERM) is alive. */
export function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (errnoOf(error) === "ESRCH") return false;
  }
  return stateOf(pid) !== "Z";
}

/** When a process started, in clock ticks since boot (field 22 of /proc/PID/stat); undefined when that can't be read. */
export function startTicksOf(pid: number): number | undefined {
  const ticks = Number(fieldsOf(pid)[19]);
  return Number.isFinite(ticks) ? ticks : undefined;
}

/** The same as epoch milliseconds, good to about a second; undefined when that can't be read. */
export function startedAtOf(pid: number): number | undefined {
  const ticks = startTicksOf(pid);
  const bootMs = bootedAt();
  return ticks === undefined || bootMs === undefined ? undefined : bootMs + (ticks * 1000) / TICKS_PER_SECOND;
}

/** When the machine started, as epoch milliseconds by the clock as it is set now; undefined when that can't be read. */
export function bootedAt(): number | undefined {
  const boot = /^btime (\d+)$/m.exec(readText("/proc/stat"))?.[1];
  return boot === undefined ? undefined : Number(boot) * 1000;
}

/** The number that a process has in its own pid namespace; undefined when it lives in ours, or that can't be read. */
export function innerPidOf(pid: number): number | undefined {
  const numbers = /^NSpid:\s*(.+)$/m.exec(readText(`/proc/${pid}/status`))?.[1]?.split(/\s+/) ?? [];
  return numbers.length > 1 ? Number(numbers.at(-1)) : undefined;
}

/** Every process's arguments. Processes that end meanwhile are left out. */
export function listProcesses(): { pid: number; argv: string[] }[] {
  return processIds().map((pid) => ({ pid, argv: argvOf(pid) }));
}

/** A process's arguments; empty for kernel threads and for what can't be read. */
export function argvOf(pid: number): string[] {
  return readText(`/proc/${pid}/cmdline`).split("\0").filter(Boolean);
}

/** One variable of a process's starting environment; undefined when absent, null when the environment can't be read. */
export function environmentOf(pid: number, name: string): string | undefined | null {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/environ`, "utf8");
  } catch {
    return null;
  }
  return text
    .split("\0")
    .find((pair) => pair.startsWith(`${name}=`))
    ?.slice(name.length + 1);
}

/** Whether a process waits for connections at a TCP port of this machine. What can't be read proves nothing. */
export function listensOn(pid: number, port: number): boolean {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  const isListening = new RegExp(`^ *\\d+: [0-9A-F]+:${hex} [0-9A-F]+:0000 0A (?:\\S+ +){5}(\\d+) `);
  const lines = ["tcp", "tcp6"].flatMap((table) => readText(`/proc/${pid}/net/${table}`).split("\n"));
  const sockets = new Set(
    lines.flatMap((line) => isListening.exec(line)?.[1] ?? []).map((inode) => `socket:[${inode}]`),
  );
  return names(`/proc/${pid}/fd`).some((descriptor) => {
    try {
      return sockets.has(readlinkSync(`/proc/${pid}/fd/${descriptor}`));
    } catch {
      return false; // closed while we looked
    }
  });
}

/** The user that a process runs as; undefined when that can't be read. */
export function userOf(pid: number): number | undefined {
  return statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid;
}

/** The program that a process runs; undefined when that can't be read. */
export function executableOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/exe`);
  } catch {
    return undefined;
  }
}

/** This process and those that started it. */
export function ownLineage(): Set<number> {
  const lineage = new Set<number>();
  for (let pid = process.pid; pid > 0 && !lineage.has(pid); pid = Number(fieldsOf(pid)[1]) || 0) lineage.add(pid);
  return lineage;
}

/**
 * The other processes that have this file open, by device and inode, so that renamed and removed files are found too.
 * Processes of other users are seen by root only; they could open the file only if it were theirs or readable by all.
 */
export function holdersOf(file: FileId): Holder[] {
  return holdersOfEach([file])[0] ?? [];
}

/** The same for several files, with one look at all processes; the answers stand in the files' order. */
export function holdersOfEach(files: readonly FileId[]): Holder[][] {
  const wanted = new Map(files.map(({ inode, device }) => [`${device}:${inode}`, [] as Holder[]]));
  for (const pid of processIds()) {
    if (pid === process.pid) continue;
    for (const descriptor of names(`/proc/${pid}/fd`)) {
      try {
        if (readlinkSync(`/proc/${pid}/fd/${descriptor}`)[0] !== "/") continue;
        const stat = statSync(`/proc/${pid}/fd/${descriptor}`);
        const holders = wanted.get(`${stat.dev}:${stat.ino}`);
        if (!holders) continue;
        const flags = Number.parseInt(
          /^flags:\s*(\d+)/m.exec(readText(`/proc/${pid}/fdinfo/${descriptor}`))?.[1] ?? "",
          8,
        );
        holders.push({ pid, writes: (flags & 3) !== 0, appends: (flags & O_APPEND) !== 0 });
      } catch {
        // closed while we looked
      }
    }
  }
  return files.map(({ inode, device }) => wanted.get(`${device}:${inode}`) ?? []);
}

/** Whether a process has this file open; undefined when that can't be read. */
export function holdsOpen(pid: number, { device, inode }: FileId): boolean | undefined {
  let descriptors: string[];
  try {
    descriptors = readdirSync(`/proc/${pid}/fd`);
  } catch {
    return undefined;
  }
  return descriptors.some((descriptor) => {
    try {
      const stat = statSync(`/proc/${pid}/fd/${descriptor}`);
      return stat.dev === device && stat.ino === inode;
    } catch {
      return false; // closed while we looked
    }
  });
}

type Asked = { file: FileId; answer: (holders: Holder[]) => void };

let asked: Asked[] = [];

/**
 * The same for one file, a moment later: all who ask in that moment are answered by one look at the processes, which is begun
 * after the last of them has asked.
 */
export function holdersSoon(file: FileId): Promise<Holder[]> {
  if (asked.length === 0) setImmediate(answerAll);
  return new Promise((answer) => asked.push({ file, answer }));
}

function answerAll(): void {
  const now = asked;
  asked = [];
  const holders = holdersOfEach(now.map(({ file }) => file));
  for (const [index, { answer }] of now.entries()) answer(holders[index] ?? []);
}

/** The ids of all processes. */
export function processIds(): number[] {
  return names("/proc")
    .map(Number)
    .filter((pid) => pid > 0);
}

/** Fields of /proc/PID/stat from the third on; the second, the name, may hold spaces and brackets itself. */
function fieldsOf(pid: number): string[] {
  const text = readText(`/proc/${pid}/stat`);
  return text.slice(text.lastIndexOf(")") + 2).split(" ");
}

function stateOf(pid: number): string | undefined {
  return fieldsOf(pid)[0];
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function names(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

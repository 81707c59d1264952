import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type JournalPosition, readJournal } from "../../src/gateway-log/read-journal.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "keeper-journal-"));
});
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => {
  rmSync(join(folder, "args"), { force: true });
  fake("");
});

const NOW = Date.parse("2026-02-08T16:55:00.500Z");

/** A journalctl that notes its arguments, knows no cursor called `lost`, and prints what it was given. */
function fake(output: string, ending = "exit 0") {
  writeFileSync(join(folder, "out"), output);
  const script = `#!/bin/sh
for arg in "$@"; do printf '%s\\n' "$arg" >> '${folder}/args'; done
printf 'LC_ALL=%s\\n' "$LC_ALL" >> '${folder}/args'
case "$*" in *--after-cursor=lost*) echo 'Failed to seek to cursor: Invalid argument' >&2; exit 1;; esac
/bin/cat '${folder}/out'
${ending}
`;
  writeFileSync(join(folder, "journalctl"), script, { mode: 0o755 });
}

const entry = (cursor: string, secondsAgo: number, message: unknown) =>
  `${JSON.stringify({ __CURSOR: cursor, _PID: "1", __REALTIME_TIMESTAMP: String((NOW - secondsAgo * 1000) * 1000), MESSAGE: message })}\n`;

async function read(
  position?: JournalPosition,
  options: { timeoutMs?: number; signal?: AbortSignal; needles?: string[] } = {},
) {
  const lines: [string, number][] = [];
  const result = await readJournal("jarvis.service", position, {
    since: NOW - 300_000,
    now: NOW,
    needles: ["bad"],
    env: { PATH: folder },
    onLine: (line, at) => lines.push([line, at]),
    ...options,
  });
  return { ...result, lines, args: readFileSync(join(folder, "args"), "utf8").trim().split("\n") };
}

test("the first look asks for the window, in both managers, and keeps the last cursor", async () => {
  fake(entry("s=1;i=1", 400, "bad too old") + entry("s=1;i=2", 60, "bad one") + entry("s=1;i=3", 30, "fine"));
  const { args, lines, position, bytesRead } = await read();
  expect(args.join(" ")).toContain("--output=json -u jarvis.service --user-unit jarvis.service");
  expect(args).toContain(`--since=@${Math.floor((NOW - 300_000) / 1000)}`);
  expect(args).toContain("--all");
  expect(args).toContain("LC_ALL=C");
  expect(lines).toEqual([["bad one", NOW - 60_000]]);
  expect(position).toEqual({ cursor: "s=1;i=3", seenAt: NOW });
  expect(bytesRead).toBeGreaterThan(200);
});

test("the next look goes on after the cursor, however old the entries are", async () => {
  fake(entry("s=1;i=9", 4000, "bad late"));
  const { args, lines, position } = await read({ cursor: "s=1;i=3", seenAt: 5 });
  expect(args).toContain("--after-cursor=s=1;i=3");
  expect(args.some((arg) => arg.startsWith("--since"))).toBe(false);
  expect(lines).toEqual([["bad late", NOW - 4_000_000]]);
  expect(position.cursor).toBe("s=1;i=9");
});

test("without anything new the position stays the very same", async () => {
  const before = { cursor: "s=1;i=3", seenAt: 5 };
  expect((await read(before)).position).toBe(before);
  expect((await read({ cursor: "", seenAt: 5 })).position).toEqual({ cursor: "", seenAt: 5 });
  expect((await read()).position).toEqual({ cursor: "", seenAt: NOW });
});

test("a cursor that the journal lost is replaced by the time of the last look", async () => {
  fake(entry("new", 10, "bad after") + entry("new2", 200, "bad before that look"));
  const { args, lines, position } = await read({ cursor: "lost", seenAt: NOW - 100_000 });
  expect(args).toContain(`--since=@${Math.floor((NOW - 100_000) / 1000)}`);
  expect(lines.map(([line]) => line)).toEqual(["bad after"]);
  expect(position).toEqual({ cursor: "new2", seenAt: NOW });
});

test("messages as bytes, with several lines, with a date of their own, or missing are taken as they are", async () => {
  const colour = [...Buffer.from("\u001b[31mbad colour\u001b[39m")];
  const own = "2026-02-08T16:54:00.001Z bad dated";
  fake(
    entry("1", 50, colour) +
      entry("2", 40, "fine\nbad second line") +
      entry("3", 30, own) +
      entry("4", 20, null) +
      entry("5", 10, ["bad", "twice"]),
  );
  const { lines, position } = await read();
  expect(lines).toEqual([
    ["\u001b[31mbad colour\u001b[39m", NOW - 50_000],
    ["fine", NOW - 40_000],
    ["bad second line", NOW - 40_000],
    [own, Date.parse("2026-02-08T16:54:00.001Z")],
    ["bad", NOW - 10_000],
    ["twice", NOW - 10_000],
  ]);
  expect(position.cursor).toBe("5");
});

test("plain text instead of JSON is read as lines of a log", async () => {
  fake("-- No entries --\n2026-02-08T16:54:00.000Z bad plain\n    bad more\n");
  const { lines, position } = await read();
  expect(lines.map(([line]) => line)).toEqual(["2026-02-08T16:54:00.000Z bad plain", "    bad more"]);
  expect(position).toEqual({ cursor: "", seenAt: NOW });
});

test("needles are found where JSON has escaped them", async () => {
  fake(entry("1", 5, 'bad "thing"') + entry("2", 4, "bad thing"));
  expect((await read(undefined, { needles: ['"thing"'] })).lines.map(([line]) => line)).toEqual(['bad "thing"']);
});

test("a missing journalctl is an error that says what to do", async () => {
  rmSync(join(folder, "journalctl"));
  const options = { since: 0, now: NOW, needles: ["bad"], env: { PATH: folder }, onLine: () => undefined };
  await expect(readJournal("x", undefined, options)).rejects.toMatchObject({
    name: "KeeperError",
    message: expect.stringContaining("no journalctl"),
    hint: expect.stringContaining("PATH"),
  });
});

test("a journalctl that fails is an error that says why", async () => {
  fake("", "echo 'No journal files were opened due to insufficient permissions.' >&2; exit 1");
  await expect(read()).rejects.toMatchObject({
    name: "KeeperError",
    message: expect.stringContaining("insufficient permissions"),
  });
});

test("one that hangs is ended, and what it gave so far counts", async () => {
  fake(`${entry("1", 50, "bad one")}{"__CURSOR":"2","MESS`, "exec /bin/sleep 60");
  const { lines, position } = await read(undefined, { timeoutMs: 300 });
  expect(lines).toHaveLength(1);
  expect(position.cursor).toBe("1");
  fake("", "exec /bin/sleep 60");
  await expect(read(undefined, { timeoutMs: 200 })).rejects.toMatchObject({
    message: expect.stringContaining("too long"),
  });
});

test("an aborted look ends it at once", async () => {
  fake(entry("1", 50, "bad one"), "exec /bin/sleep 60");
  await expect(read(undefined, { signal: AbortSignal.timeout(200) })).rejects.toThrow(/timeout/);
});

import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type LogPositions, type LogsOptions, readLogs } from "../../src/gateway-log/read-logs.ts";
import { customSignature } from "../../src/gateway-log/signatures.ts";

let folder: string;
let own: string;
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "keeper-read-logs-")));
});
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => {
  own = mkdtempSync(join(folder, "x-"));
});

const fixture = (name: string) => readFileSync(new URL(`../../fixtures/gateway-log/${name}`, import.meta.url), "utf8");
const NOW = Date.parse("2026-02-08T16:55:00Z");
const options: LogsOptions = { now: NOW, windowMs: 300_000, signatures: [], ignore: [], env: {} };
const bad = (id: number, secondsAgo = 10) =>
  `${new Date(NOW - secondsAgo * 1000).toISOString()} unexpected \`tool_use_id\` found in \`tool_result\` blocks: toolu_${id}.\n`;
const idsIn = ({ matches }: { matches: { toolIds: string[] }[] }) => matches.flatMap(({ toolIds }) => toolIds);

test("the incident's log gives one match, at its time, with the key and the session it names, and nothing of its text", async () => {
  const path = join(own, "jarvis.log");
  writeFileSync(path, fixture("incident-feb-8.txt"));
  const { matches, problems, positions } = await readLogs([path], {}, options);
  expect(problems).toEqual([]);
  expect(matches).toEqual([
    {
      id: expect.stringMatching(/^[0-9a-f]{32}$/),
      at: Date.parse("2026-02-08T16:53:01.334Z"),
      source: path,
      from: path,
      offset: fixture("incident-feb-8.txt").indexOf("2026-02-08T16:53:01.334Z"),
      kind: "crash-logged",
      severity: "warning",
      condemns: true,
      signature: "failover-crash",
      keys: ["agent:main:telegram:group:-1001234"],
      sessionIds: ["0b7e4a52-6d3c-4a58-8a4f-0d2a6f6b9c10"],
      toolIds: [],
    },
  ]);
  expect(JSON.stringify({ matches, positions })).not.toMatch(/FailoverError|exited|API Error/);
  expect(Object.keys(positions)).toEqual([path]);
});

test("a second look finds nothing, reads nothing, and changes no position", async () => {
  const path = join(own, "jarvis.log");
  writeFileSync(path, fixture("incident-feb-8.txt"));
  const first = await readLogs([path], {}, options);
  const stored = JSON.parse(JSON.stringify(first.positions));
  const second = await readLogs([path], stored, { ...options, now: NOW + 300_000, lastLookAt: NOW });
  expect(second).toEqual({ matches: [], positions: stored, problems: [], bytesRead: 0 });
});

test("passing troubles are matches that condemn nothing", async () => {
  const path = join(own, "gw.log");
  writeFileSync(path, fixture("passing-troubles.txt"));
  const { matches } = await readLogs([path], {}, options);
  expect(matches.map(({ severity, condemns }) => [severity, condemns])).toEqual(Array(4).fill(["info", false]));
});

test("JSON lines are dated by their meta data, and the escaped key is read", async () => {
  const path = join(own, "gw.log");
  writeFileSync(path, fixture("rejection-json.txt"));
  const { matches } = await readLogs([path], {}, { ...options, now: Date.parse("2026-11-20T13:35:00Z") });
  expect(matches).toMatchObject([
    { at: Date.parse("2026-11-20T13:33:16.020Z"), keys: [], toolIds: ["toolu_0a"] },
    { at: Date.parse("2026-11-20T13:33:16.026Z"), keys: ["agent:main:main"], toolIds: ["toolu_0a"] },
  ]);
});

test("the same line has the same id in every log, and counts once", async () => {
  writeFileSync(join(own, "a.log"), bad(1));
  writeFileSync(join(own, "b.log"), `${bad(1).trimEnd()}\r\n${bad(2)}`);
  const first = await readLogs([join(own, "a.log")], {}, options);
  const both = await readLogs([join(own, "a.log"), join(own, "b.log")], {}, options);
  expect(idsIn(both)).toEqual(["toolu_1", "toolu_2"]);
  expect(both.matches[0]?.id).toBe(first.matches[0]?.id);
  expect(both.matches[1]?.id).not.toBe(first.matches[0]?.id);
});

test("matches come in the order of time, whatever log they are from", async () => {
  writeFileSync(join(own, "a.log"), bad(3, 10) + bad(1, 30));
  writeFileSync(join(own, "b.log"), bad(2, 20));
  expect(idsIn(await readLogs([join(own, "*.log")], {}, options))).toEqual(["toolu_1", "toolu_2", "toolu_3"]);
});

test("a file that several sources name, also through a link, is read once", async () => {
  writeFileSync(join(own, "gw-20.log"), bad(1));
  symlinkSync("gw-20.log", join(own, "current.log"));
  const sources = [join(own, "current.log"), join(own, "gw-*.log"), join(own, "gw-20.log")];
  const first = await readLogs(sources, {}, options);
  expect(Object.keys(first.positions)).toEqual([join(own, "gw-20.log")]);
  expect(first.positions[join(own, "gw-20.log")]).toMatchObject({ source: sources[0] });
  appendFileSync(join(own, "gw-20.log"), bad(2));
  const second = await readLogs(sources, first.positions, options);
  expect(idsIn(second)).toEqual(["toolu_2"]);
});

test("when a link moves on to a new file, the rest of the old one is read too", async () => {
  const source = join(own, "current.log");
  writeFileSync(join(own, "day-a.log"), bad(1));
  symlinkSync("day-a.log", source);
  const first = await readLogs([source], {}, options);
  appendFileSync(join(own, "day-a.log"), bad(2));
  writeFileSync(join(own, "other-b.log"), bad(3));
  unlinkSync(source);
  symlinkSync("other-b.log", source);
  const later = { ...options, now: NOW + 60_000, lastLookAt: NOW };
  const second = await readLogs([source], first.positions, later);
  expect(idsIn(second).toSorted()).toEqual(["toolu_2", "toolu_3"]);
  appendFileSync(join(own, "day-a.log"), bad(4));
  expect(idsIn(await readLogs([source], second.positions, later))).toEqual(["toolu_4"]);
});

test("a new file of a glob is read from the last look on, even when that is longer ago than the window", async () => {
  writeFileSync(join(own, "gw-19.log"), bad(1));
  const source = join(own, "gw-*.log");
  const first = await readLogs([source], {}, options);
  writeFileSync(join(own, "gw-20.log"), bad(9, 4000) + bad(2, 3000) + bad(3, 10));
  const second = await readLogs([source], first.positions, { ...options, lastLookAt: NOW - 3_500_000 });
  expect(idsIn(second)).toEqual(["toolu_2", "toolu_3"]);
});

test("a log that was numbered by the gateway itself is followed under its new name", async () => {
  const source = join(own, "openclaw-*.log");
  const [live, rotated] = [join(own, "openclaw-2026-02-08.log"), join(own, "openclaw-2026-02-08.1.log")];
  writeFileSync(live, bad(1));
  const first = await readLogs([source], {}, options);
  appendFileSync(live, bad(2));
  renameSync(live, rotated);
  writeFileSync(live, bad(3, 9000));
  const second = await readLogs([source], first.positions, { ...options, lastLookAt: NOW });
  expect(idsIn(second).toSorted()).toEqual(["toolu_2", "toolu_3"]);
  expect(Object.keys(second.positions).toSorted()).toEqual([rotated, live].toSorted());
});

test("a copy that somebody makes of a log is not news", async () => {
  const source = join(own, "gw.log*");
  writeFileSync(join(own, "gw.log"), bad(1));
  const first = await readLogs([source], {}, options);
  copyFileSync(join(own, "gw.log"), join(own, "gw.log.bak"));
  expect(idsIn(await readLogs([source], first.positions, { ...options, lastLookAt: NOW }))).toEqual([]);
});

test("a source that cannot be read is a problem, its position is kept, and the others are read", async () => {
  writeFileSync(join(own, "gw.log"), bad(1));
  execFileSync("sh", ["-c", 'mkfifo "$1"', "sh", join(own, "fifo.log")]);
  const position = {
    device: 1,
    inode: 2,
    offset: 3,
    crc: 4,
    crcBytes: 3,
    seenAt: 5,
    mtimeMs: 6,
    bornMs: 7,
    source: join(own, "fifo.log"),
  };
  const sources = [join(own, "fifo.log"), "journal:jarvis.service", join(own, "gw.log"), own];
  const before: LogPositions = {
    [join(own, "fifo.log")]: position,
    "journal:jarvis.service": { cursor: "c", seenAt: 1 },
  };
  const { matches, problems, positions } = await readLogs(sources, before, { ...options, env: { PATH: own } });
  expect(idsIn({ matches })).toEqual(["toolu_1"]);
  expect(problems.map(({ source }) => source)).toEqual([join(own, "fifo.log"), "journal:jarvis.service", own]);
  expect(problems.map(({ message }) => message).join()).toMatch(/not a regular file.*no journalctl/s);
  expect(positions).toMatchObject(before);
});

test("a journal is a source like a file", async () => {
  const row = { __CURSOR: "c1", __REALTIME_TIMESTAMP: String((NOW - 5000) * 1000), MESSAGE: bad(7).trimEnd() };
  writeFileSync(join(own, "journalctl"), `#!/bin/sh\n/bin/cat <<'END'\n${JSON.stringify(row)}\nEND\n`, { mode: 0o755 });
  writeFileSync(join(own, "gw.log"), bad(7));
  const sources = ["journal:jarvis.service", join(own, "gw.log")];
  const { matches, positions } = await readLogs(sources, {}, { ...options, env: { PATH: own } });
  expect(matches).toMatchObject([
    { source: "journal:jarvis.service", from: "journal:jarvis.service", toolIds: ["toolu_7"] },
  ]);
  expect(matches[0]).not.toHaveProperty("offset");
  expect(positions["journal:jarvis.service"]).toEqual({ cursor: "c1", seenAt: NOW });
});

test("a log that is not there is no problem and has no position", async () => {
  expect(await readLogs([join(own, "none.log"), join(own, "none", "*.log")], {}, options)).toEqual({
    matches: [],
    positions: {},
    problems: [],
    bytesRead: 0,
  });
});

test("positions of sources that are no longer configured are dropped", async () => {
  writeFileSync(join(own, "a.log"), bad(1));
  const { positions } = await readLogs([join(own, "a.log")], {}, options);
  expect((await readLogs([], positions, options)).positions).toEqual({});
});

test("a person's signatures count beside the table, those without a fixed string too, and ignored lines don't", async () => {
  const path = join(own, "gw.log");
  writeFileSync(
    path,
    `${bad(1)}${bad(2).replace("unexpected", "toolu_x boom42")}${bad(3).replace(/unexpected.*blocks/, "b***m7")}`,
  );
  const signatures = [customSignature({ name: "own", pattern: "b[^a-z]+m\\d", severity: "error" })];
  const { matches } = await readLogs([path], {}, { ...options, signatures, ignore: [/boom42/] });
  expect(matches.map(({ signature }) => signature)).toEqual(["result-without-call", "own"]);
});

test("an older part is forgotten a day after its last line", async () => {
  const path = join(own, "gw.log");
  writeFileSync(path, bad(1));
  const first = await readLogs([path], {}, options);
  renameSync(path, `${path}.1`);
  writeFileSync(path, "");
  const second = await readLogs([path], first.positions, { ...options, lastLookAt: NOW });
  expect(Object.keys(second.positions).toSorted()).toEqual([path, `${path}.1`]);
  const late = await readLogs([path], second.positions, { ...options, now: NOW + 25 * 3_600_000, lastLookAt: NOW });
  expect(Object.keys(late.positions)).toEqual([path]);
});

test("reading leaves every file as it was and makes none", async () => {
  const path = join(own, "gw.log");
  writeFileSync(path, bad(1));
  mkdirSync(join(own, "sub"));
  const before = [readdirSync(own), readFileSync(path, "utf8"), statSync(path).mtimeMs];
  await readLogs([path, join(own, "*")], {}, options);
  expect([readdirSync(own), readFileSync(path, "utf8"), statSync(path).mtimeMs]).toEqual(before);
});

test("an aborted look throws", async () => {
  writeFileSync(join(own, "gw.log"), bad(1));
  const signal = AbortSignal.abort(new Error("stop"));
  await expect(readLogs([join(own, "gw.log")], {}, { ...options, signal })).rejects.toThrow("stop");
});

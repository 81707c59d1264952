import fc from "fast-check";
import { expect, test } from "vitest";
import { parseLogLine, sessionsNamedIn } from "../../src/gateway-log/line.ts";

const at = Date.parse("2026-02-08T16:53:01.334Z");

test.for([
  "2026-02-08T16:53:01.334Z [diagnostic] x",
  "[2026-02-08T16:53:01.334Z] x",
  "  2026-02-08T16:53:01.334Z",
  "2026-02-08 16:53:01.334Z x",
  "2026-02-08 16:53:01,334 +0000 x",
  "2026-02-08T16:53:01.334+00:00 [diagnostic] x",
  "2026-02-08T17:53:01.334+01:00 x",
  "2026-02-08T11:23:01.334-05:30 x",
  "2026-02-08T17:53:01.334+0100 x",
  "2026-02-08T16:53:01.334567890Z x",
  "\u001b[90m2026-02-08T16:53:01.334Z\u001b[39m \u001b[31mx\u001b[0m",
  "Feb 08 16:53:01 host jarvis[211]: 2026-02-08T16:53:01.334Z [diagnostic] x",
  "gateway-1  | 2026-02-08T16:53:01.334Z x",
  "[INFO] 2026-02-08T16:53:01.334Z x",
  '{"0":"x","_meta":{"date":"2026-02-08T16:53:01.334Z"},"time":"2020-01-01T00:00:00Z"}',
  '{"time":"2026-02-08T17:53:01.334+01:00","level":"error"}',
  '{"timestamp":"2026-02-08T16:53:01.334Z"}',
  '{"_meta":{"date":"13:00:00"},"ts":"2026-02-08T16:53:01.334Z"}',
  `{"time":${at}}`,
  `{"ts":${at / 1000}}`,
  'gateway-1 | {"time":"2026-02-08T16:53:01.334Z"}',
])("dated: %s", (line) => {
  expect(parseLogLine(line).at).toBe(at);
});

test.for([
  "",
  "13:33:16 [diagnostic] a time of day",
  "2026-02-08T16:53:01 without a zone",
  "2026-02-32T16:53:01Z no such day",
  "2026-02-08T25:00:00Z no such hour",
  "    at Object.run (file:///x.js:10:20)",
  "the limit resets at 2026-02-08T16:53:01.334Z",
  '{"_meta":{"date":"13:33:16"}}',
  '{"time":17}',
  '{"time":"2026-02-08T16:53:01.334Z"',
  "null",
  "{}",
])("undated: %s", (line) => {
  expect(parseLogLine(line).at).toBeUndefined();
});

test("every time that JavaScript can write is read back, in any offset", () => {
  fc.assert(
    fc.property(
      fc.date({ min: new Date("2000-01-01"), max: new Date("2100-01-01"), noInvalidDate: true }),
      fc.integer({ min: -14 * 60, max: 14 * 60 }),
      (date, offset) => {
        const local = new Date(date.getTime() + offset * 60_000).toISOString().slice(0, -1);
        const two = (value: number) => String(Math.floor(value)).padStart(2, "0");
        const zone = `${offset < 0 ? "-" : "+"}${two(Math.abs(offset) / 60)}:${two(Math.abs(offset) % 60)}`;
        expect(parseLogLine(`${date.toISOString()} x`).at).toBe(date.getTime());
        expect(parseLogLine(`${local}${zone} x`).at).toBe(date.getTime());
        expect(parseLogLine(JSON.stringify({ time: `${local}${zone}` })).at).toBe(date.getTime());
      },
    ),
  );
});

test("colours are taken out, also where JSON has escaped them, and the end of the line", () => {
  expect(parseLogLine("\u001b[31;1merror\u001b[0m x\r").text).toBe("error x");
  expect(parseLogLine(JSON.stringify({ 1: "\u001b[31merror\u001b[39m" })).text).toBe('{"1":"error"}');
});

test.for([
  { line: "lane=session:agent:main:main durationMs=1", keys: ["agent:main:main"] },
  { line: 'error at "lane=session:agent:main:main" now', keys: ["agent:main:main"] },
  { line: '{"1":"lane task error: lane=session:agent:main:main"}', keys: ["agent:main:main"] },
  { line: '{"1":"{\\"m\\":\\"lane=session:agent:main:main\\"}"}', keys: ["agent:main:main"] },
  { line: '{"1":"lane=session:agent:main:main\\nnext"}', keys: ["agent:main:main"] },
  {
    line: "(lane=session:agent:main:whatsapp:direct:+15551234567), x",
    keys: ["agent:main:whatsapp:direct:+15551234567"],
  },
  { line: "lane=session:agent:main:whatsapp:group:120363@g.us: x", keys: ["agent:main:whatsapp:group:120363@g.us"] },
  {
    line: "lane=session:agent:a:matrix:room:!Ab:server.org:thread:17.5",
    keys: ["agent:a:matrix:room:!Ab:server.org:thread:17.5"],
  },
  { line: "lane=session:a lane=session:b lane=session:a", keys: ["a", "b"] },
  { line: "lane=main durationMs=253 lane=cron", keys: [] },
  { line: "lane=session: ", keys: [] },
])("$line names the keys $keys", ({ line, keys }) => {
  expect(sessionsNamedIn(line).keys).toEqual(keys);
});

test("session ids are UUIDs in lower case, each once", () => {
  const id = "0b7e4a52-6d3c-4a58-8a4f-0d2a6f6b9c10";
  const line = `sessionId=${id} "session_id":"${id.toUpperCase()}" /x/${id}.jsonl 0${id} ${id}0`;
  expect(sessionsNamedIn(line).sessionIds).toEqual([id]);
});

test("a UUID that the line calls the id of something else names no session", () => {
  const id = "0b7e4a52-6d3c-4a58-8a4f-0d2a6f6b9c10";
  for (const label of ["runId=", '"runId":"', '\\"request_id\\": \\"', "traceId=", '"uuid":"'])
    expect(sessionsNamedIn(`x ${label}${id} y`).sessionIds, label).toEqual([]);
  expect(sessionsNamedIn(`runId=${id} sessionId=${id}`).sessionIds).toEqual([id]);
});

test("tool ids of all three kinds are found, names of fields are not", () => {
  const line = "blocks: toolu_01AbC-_x. srvtoolu_9z, call_abc1|fc_2 call_id=4 mytoolu_1 toolu_01AbC-_x";
  expect(sessionsNamedIn(line).toolIds).toEqual(["toolu_01AbC-_x", "srvtoolu_9z", "call_abc1|fc_2"]);
});

test("any text is taken without an error", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json(),
        fc.string({ unit: fc.constantFrom("\u001b", "[", "{", '"', "\\", "0", "-", ":", "T", "Z", "é", "\ud800") }),
      ),
      (line) => {
        const { at: date, text } = parseLogLine(line);
        expect(date === undefined || Number.isFinite(date)).toBe(true);
        for (const name of Object.values(sessionsNamedIn(text)).flat())
          expect(text.toLowerCase()).toContain(name.toLowerCase());
      },
    ),
  );
});

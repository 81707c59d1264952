import { expect, test } from "vitest";
import { replyWithin, withValues } from "../../src/digest/row-edits.ts";

const line = (text: string) =>
  Buffer.from(
    `{"parentUuid":"a" , "n":1e999,"message":{"content":[{"type":"thinking","thinking":"${"hm ".repeat(200)}"},{"type":"text","text":${JSON.stringify(text)}}],"usage":{"x":12,"y":3}},"z":"\\u00e9é"}`,
  );
const replyOf = (text: string) => ({ bytes: line(text), text, at: 0 });
const LARGE = 100_000;

test("some values change, and not a byte of the rest; a member that is not there stays away", () => {
  const before = Buffer.concat([line("Blue."), Buffer.from([0xff])]).subarray(0, -1);
  const changes = [
    { path: ["parentUuid"], value: "é" },
    { path: ["message", "usage", "x"], value: 0 },
    { path: ["message", "usage", "none"], value: 0 },
    { path: ["n", "x"], value: 0 },
  ];
  const expected = before.toString().replace('"a"', '"é"').replace('"x":12', '"x":0');
  expect(withValues(before, changes).toString()).toBe(expected);
});

test("bytes that are no text come out as they went in", () => {
  const odd = Buffer.from('{"parentUuid":null,"t":"\xff\xfe"}', "latin1");
  expect(withValues(odd, [{ path: ["parentUuid"], value: "b" }]).toString("latin1")).toBe(
    '{"parentUuid":"b","t":"\xff\xfe"}',
  );
});

test("a reply that fits is whole; else its words stand alone; else as many of them as fit", () => {
  const reply = replyOf("Blue 🪜 it is. ".repeat(20));
  const change = [{ path: ["parentUuid"], value: "b" }];
  expect(replyWithin(reply, change, LARGE)).toEqual(withValues(reply.bytes, change));
  for (const roomBytes of [260, 300, 340, 440, 700]) {
    const row = replyWithin(reply, change, roomBytes);
    expect(row?.length).toBeLessThanOrEqual(roomBytes);
    const { parentUuid, message } = JSON.parse(row?.toString() ?? "");
    expect(parentUuid).toBe("b");
    expect(message.content).toEqual([{ type: "text", text: expect.stringMatching(/^Blue 🪜 it is/) }]);
    if (roomBytes === 700) expect(message.content[0].text).toBe(reply.text);
    else expect(message.content[0].text).toMatch(/…$/);
  }
  expect(replyWithin(reply, change, 150)).toBeUndefined();
});

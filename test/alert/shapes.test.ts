import { describe, expect, test } from "vitest";
import type { Message } from "../../src/alert/message.ts";
import { shapeFor } from "../../src/alert/shapes.ts";

function aMessage(more: Partial<Message> = {}): Message {
  return {
    kind: "corruption",
    state: "open",
    title: "jarvis on host: broken",
    text: "found: a & b <c>\nundo: x",
    ...more,
  } as Message;
}

const jsonFor = (address: string, message = aMessage()) => JSON.parse(shapeFor(address, message).body);
const LONG = aMessage({ text: `first ${"🙂 ünd ".repeat(2000)}\nundo: the end` });

test.for([
  ["https://hooks.slack.com/services/T/B/secret", ["text"]],
  ["https://discord.com/api/webhooks/1/secret", ["content"]],
  ["https://canary.discordapp.com/api/v10/webhooks/1/secret", ["content"]],
  ["https://api.telegram.org/bot1:secret/sendMessage?chat_id=-42", ["chat_id", "text"]],
  ["https://mattermost.example.org/hooks/x#slack", ["text"]],
  ["https://example.org/x#discord", ["content"]],
  ["https://telegram.example.org/bot1:s/sendMessage?chat_id=7#telegram", ["chat_id", "text"]],
  ["https://discord.com/elsewhere", Object.keys(aMessage())],
  ["https://slack.example.org/hooks.slack.com", Object.keys(aMessage())],
] as [string, string[]][])("%s gets %j", ([address, keys]) => {
  expect(Object.keys(jsonFor(address))).toEqual(keys);
  expect(shapeFor(address, aMessage()).headers).toEqual({ "content-type": "application/json" });
});

test("any other address gets the whole message", () => {
  expect(jsonFor("https://example.org/hook")).toEqual(aMessage());
});

test("Slack's own signs are written so that nobody is called and nothing becomes a link", () => {
  const { text } = jsonFor("https://hooks.slack.com/services/T/B/s", aMessage({ title: "<!channel>" }));
  expect(text).toBe("*&lt;!channel&gt;*\n```\nfound: a &amp; b &lt;c&gt;\nundo: x\n```");
});

test("a message cannot break out of its block of code", () => {
  expect(jsonFor("https://example.org/x#discord", aMessage({ text: "a ``` b" })).content).toBe(
    "**jarvis on host: broken**\n```\na ''' b\n```",
  );
});

test("Telegram's chat is taken from the address", () => {
  const address = "https://api.telegram.org/bot1:secret/sendMessage?chat_id=-100123";
  expect(jsonFor(address)).toEqual({ chat_id: "-100123", text: `${aMessage().title}\n\n${aMessage().text}` });
});

describe("ntfy", () => {
  test.for(["https://ntfy.sh/topic", "https://ntfy.example.org/topic", "http://127.0.0.1/topic#ntfy"])(
    "%s gets the plain text, and the rest in headers",
    (address) => {
      const { headers, body } = shapeFor(address, aMessage());
      expect(body).toBe(aMessage().text);
      expect(headers).toMatchObject({ title: aMessage().title, priority: "high", tags: "warning,session-keeper" });
    },
  );

  test("a title that no header may hold is encoded, and stays one line", () => {
    const title = (text: string) => shapeFor("https://ntfy.sh/t", aMessage({ title: text })).headers.title ?? "";
    expect(title("a\r\nX-Evil: b")).toBe("a X-Evil: b");
    expect(title("järvis: 🙂")).toBe(`=?UTF-8?B?${Buffer.from("järvis: 🙂").toString("base64")}?=`);
    expect(() => new Headers({ title: title("järvis: 🙂") })).not.toThrow();
  });

  test("what is over is no emergency", () => {
    const { headers } = shapeFor("https://ntfy.sh/t", aMessage({ state: "over" }));
    expect(headers).toMatchObject({ priority: "default", tags: "white_check_mark,session-keeper" });
  });
});

test.for([
  ["https://discord.com/api/webhooks/1/s", 2000],
  ["https://api.telegram.org/bot1/sendMessage?chat_id=1", 4096],
  ["https://hooks.slack.com/services/T/B/s", 4000],
] as [string, number][])(
  "%s gets no more than %i characters, the beginning and the end among them",
  ([address, limit]) => {
    const { content, text } = jsonFor(address, LONG);
    const told: string = content ?? text;
    expect(told.length).toBeLessThanOrEqual(limit);
    expect(told.length).toBeGreaterThan(limit - 10);
    expect(told).toContain("first");
    expect(told).toContain("undo: the end");
    expect(Buffer.from(told).toString()).toBe(told); // no half of a character
  },
);

test("ntfy gets no more than 4096 bytes", () => {
  const { body } = shapeFor("https://ntfy.sh/t", LONG);
  expect(Buffer.byteLength(body)).toBeLessThanOrEqual(4096);
  expect([body.startsWith("first"), body.endsWith("undo: the end")]).toEqual([true, true]);
});

import fc from "fast-check";
import { expect, test } from "vitest";
import { readMark } from "../../src/derive/mark.ts";
import { written } from "../support/unregistered.ts";

test.each([
  ["cron", { kind: "cron-run", jobId: "42fd68a5-8345-4e1d-940f-c029affea412" }],
  ["subagent", { kind: "subagent" }],
  ["hook", { kind: "hook" }],
  ["heartbeat", { kind: "heartbeat" }],
  ["stamped", { kind: "stamped" }],
  ["webPage", { kind: "stamped", channel: "webchat", chatType: "direct" }],
  ["infoDirect", { kind: "direct", chatType: "direct", channel: "telegram", peer: "700", to: "telegram:700" }],
  [
    "infoGroup",
    { kind: "group", chatType: "group", channel: "telegram", peer: "-1002003004", to: "telegram:-1002003004" },
  ],
  [
    "infoSlackThread",
    {
      ...{ kind: "group", chatType: "channel", channel: "slack", peer: "C0ABCDEF1", to: "channel:C0ABCDEF1" },
      thread: "1700000000.000100",
    },
  ],
  [
    "infoDiscordDirect",
    {
      ...{ kind: "direct", chatType: "direct", channel: "discord", peer: "123456789012345678" },
      to: "user:123456789012345678",
    },
  ],
  ["bare", undefined],
  ["forged", undefined],
] as const)("what is put before a message tells: %s", (name, mark) => {
  expect(readMark(written[name])).toEqual(mark);
});

test("files that came with a message, and events before it, do not hide what is behind them", () => {
  const text = `System: [2026-11-20 16:57:00 UTC] Node: Phone\n\n[media attached: /x/a.png (image/png)]\n${written.infoDirect}`;
  expect(readMark(text)).toMatchObject({ kind: "direct", peer: "700" });
});

test("a broken block of what the gateway knows tells nothing", () => {
  expect(readMark("Conversation info (untrusted metadata):\n```json\n{oops\n```\n\nhello")).toBeUndefined();
});

test("any text is read without an error, and in time", () => {
  const pieces = fc.constantFrom(
    ...Object.values(written),
    "[",
    "]",
    " ",
    "\n",
    "System: ",
    "id:",
    "```json\n",
    "2026-11-20 16:57",
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(pieces, fc.string()), { maxLength: 40 }), (parts) => {
      readMark(parts.join(""));
    }),
  );
  const startedAt = performance.now();
  for (const filling of ["[", "[Telegram ", "System: x\n", "2026-11-20 16:57", "a "]) {
    for (const start of ["", "[Telegram ", "[cron:x ", "SECURITY NOTICE: "]) readMark(start + filling.repeat(300_000));
  }
  expect(performance.now() - startedAt).toBeLessThan(5000);
});

import { expect, test } from "vitest";
import { maskKey, maskText } from "../../src/alert/mask.ts";

test.for([
  ["agent:main:telegram:direct:1000200030", "agent:main:telegram:direct:…30"],
  ["agent:main:whatsapp:direct:+491701234567", "agent:main:whatsapp:direct:…67"],
  ["agent:main:whatsapp:group:120363041234567890@g.us", "agent:main:whatsapp:group:…us"],
  ["agent:main:telegram:group:-1001234567890:topic:42", "agent:main:telegram:group:…90:topic:42"],
  ["agent:main:matrix:room:!abc:example.org", "agent:main:matrix:room:…rg"],
  ["agent:main:imessage:direct:someone@example.org", "agent:main:imessage:direct:…rg"],
  ["agent:main:slack:dm:U01", "agent:main:slack:dm:…"],
  ["telegram:1000200030", "telegram:…30"],
  ["+491701234567", "…67"],
  ["agent:main:main", "agent:main:main"],
  [
    "agent:work:cron:daily:run:4f1d6a7c-9b02-4c4e-8a51-2d7e90123456",
    "agent:work:cron:daily:run:4f1d6a7c-9b02-4c4e-8a51-2d7e90123456",
  ],
  [
    "agent:main:subagent:4f1d6a7c-9b02-4c4e-8a51-2d7e90123456",
    "agent:main:subagent:4f1d6a7c-9b02-4c4e-8a51-2d7e90123456",
  ],
])("%s leaves the host as %s", ([key = "", expected]) => {
  expect(maskKey(key)).toBe(expected);
});

test("keys, their peers and phone numbers are masked in a text, and what only looks like one stays", () => {
  const key = "agent:main:telegram:direct:1000200030";
  const text = `session ${key} of 1000200030, +491701234567 and 491701234567@s.whatsapp.net; undo 20260208T165503Z-5ff222, toolu_0112345678`;
  expect(maskText(text, [key])).toBe(
    "session agent:main:telegram:direct:…30 of …30, …67 and …67@s.whatsapp.net; undo 20260208T165503Z-5ff222, toolu_0112345678",
  );
});

import { expect, test } from "vitest";
import { keysAtDefaults } from "../../src/config/at-defaults.ts";

test("a key that says what holds without it is named, in whatever unit it is written", () => {
  const content = {
    rotate: { maxSize: "2000KB", hardLimit: "30MB" },
    archive: { keep: { last: 10 } },
    registry: { tokens: { dm: ["100k", "150k"] } },
    installations: { "my bot": { openclaw: { home: "/o", version: "auto" }, claude: false, gateway: { logs: null } } },
  };
  expect(keysAtDefaults(content)).toEqual([
    "rotate.maxSize",
    "archive.keep.last",
    "registry.tokens.dm",
    'installations["my bot"].openclaw.version',
    'installations["my bot"].gateway.logs',
  ]);
});

test("an empty configuration repeats nothing", () => {
  expect(keysAtDefaults({})).toEqual([]);
  expect(keysAtDefaults({ rotate: {}, installations: { a: {} } })).toEqual([]);
});

import JSON5 from "json5";
import { expect, test } from "vitest";
import { findProblems } from "../../src/config/problems.ts";
import { configurationJsonSchema } from "../../src/config/schema.ts";
import type { SchemaNode } from "../../src/setup/commented-configuration.ts";
import { homesOfBot, templateFor } from "../../src/setup/template.ts";

test.for([
  { directory: "/home/john", homes: { openclaw: "/home/john/.openclaw", claude: "/home/john/.claude" } },
  { directory: "/srv/john/openclaw", homes: { openclaw: "/srv/john/openclaw" } },
  { directory: "/home/a/.openclaw-john", homes: { openclaw: "/home/a/.openclaw-john" } },
])("$directory", ({ directory, homes }) => {
  expect(homesOfBot({ name: "john", directory })).toEqual(homes);
});

test("it is a configuration that is accepted as it is, with what a new bot needs above it", () => {
  const text = templateFor(
    configurationJsonSchema() as SchemaNode,
    { name: "john", directory: "/home/john" },
    "* * * * * x",
  );
  const content = JSON5.parse(text);
  expect(findProblems(content)).toEqual([]);
  expect(Object.keys(content)).toEqual(["installations"]);
  expect(content.installations.john).toMatchObject({ openclaw: { home: "/home/john/.openclaw" } });
  for (const needed of ["chown -R USER: /home/john/.openclaw", "* * * * * x", "setup check --installation 'john'"])
    expect(text).toContain(needed);
});

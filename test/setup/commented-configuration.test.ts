import JSON5 from "json5";
import { expect, test } from "vitest";
import { findProblems } from "../../src/config/problems.ts";
import { configurationJsonSchema, configurationSchema } from "../../src/config/schema.ts";
import {
  commentedConfiguration,
  commentedInstallation,
  type FoundInstallation,
  type SchemaNode,
} from "../../src/setup/commented-configuration.ts";

const schema = configurationJsonSchema() as SchemaNode;
const found: FoundInstallation = {
  openclawHome: { says: "~/.openclaw" },
  claudeHome: { says: "~/.claude" },
  restart: { says: ["systemctl", "--user", "restart", "openclaw-gateway.service"], because: "found it" },
  paths: { says: { "/home/node/.openclaw": "/srv/a b" } },
};
/** All that is behind slashes brought in, but for what says "none of this program". */
const uncommented = (text: string) =>
  text
    .split("\n")
    .map((line) => line.replace(/^(\s*)\/\/ (?=[A-Za-z]+: .*,(?: \/\/|$))(?!openclaw|claude)/, "$1"))
    .join("\n");

test("what was found is said, and nothing else", () => {
  const text = commentedConfiguration(schema, { "my bot": found });
  const content = JSON5.parse(text);
  expect(findProblems(content)).toEqual([]);
  expect(content.installations["my bot"]).toMatchObject({
    openclaw: { home: "~/.openclaw" },
    gateway: { restart: ["systemctl", "--user", "restart", "openclaw-gateway.service"] },
    paths: { "/home/node/.openclaw": "/srv/a b" },
  });
  const { installations: _, ...sections } = configurationSchema.parse(content);
  const { installations: __, ...defaults } = configurationSchema.parse({});
  expect(sections).toEqual(defaults);
});

test("what stands behind slashes is what holds anyway: brought in, it changes nothing", () => {
  const text = commentedConfiguration(schema, { default: found });
  const all = uncommented(text);
  expect(all.split("\n").filter((line) => /^\s+\/\/ (?!openclaw|claude)[a-z]\w*: /i.test(line))).toEqual([]);
  expect(configurationSchema.parse(JSON5.parse(all))).toEqual(configurationSchema.parse(JSON5.parse(text)));
});

test("every key is there, each with its meaning", () => {
  const text = commentedConfiguration(schema, { default: found });
  const keys = (node: SchemaNode): string[] =>
    Object.entries(node.properties ?? {}).flatMap(([key, child]) => {
      const inner = child.properties ? child : (child.anyOf?.find(({ properties }) => properties) ?? child);
      const named = typeof child.additionalProperties === "object" ? keys(child.additionalProperties) : [];
      return [key, ...keys(inner), ...named];
    });
  const lines = text.split("\n");
  for (const key of keys(schema))
    expect(lines.some((line) => line.trimStart().replace("// ", "").startsWith(`${key}: `))).toBe(true);
  const bare = lines.filter((line) => /^\s*(?:\/\/ )?\w+: .*,$/.test(line));
  expect(bare).toEqual([]);
});

test("of nothing found, there is no installation", () => {
  expect(JSON5.parse(commentedConfiguration(schema, {})).installations).toEqual({});
});

test("one installation alone has its comments above, and none of a program where it was said so", () => {
  const text = commentedInstallation(schema, "john", { openclawHome: { says: "/o" }, without: "claude" }, [
    "a",
    "",
    "b",
  ]);
  expect(text.startsWith("// a\n//\n// b\n{\n")).toBe(true);
  const content = JSON5.parse(text);
  expect(findProblems(content)).toEqual([]);
  expect(content.installations.john).toMatchObject({ openclaw: { home: "/o" }, claude: false });
});

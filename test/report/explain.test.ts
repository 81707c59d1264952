import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { configurationJsonSchema } from "../../src/config/schema.ts";
import { parseCommandLine } from "../../src/program.ts";
import { explain, explainable } from "../../src/report/explain.ts";
import { commandsIn } from "../../src/report/wrap.ts";

const texts = explain(null).map((one) => [one.kind, Object.values(one).join("\n")] as const);

test("every command that an explanation tells a person to type is understood", () => {
  const commands = new Set(texts.flatMap(([, text]) => commandsIn(text)));
  expect(commands.size).toBeGreaterThan(25);
  for (const command of commands) expect(() => parseCommandLine(wordsOf(command), "0"), command).not.toThrow();
});

test("no explanation names a command that is cut off in the middle", () => {
  const endings = texts.flatMap(([kind, text]) =>
    commandsIn(text).map((command) => [kind, text.split(command)[1]?.slice(0, 3)]),
  );
  expect(endings.filter(([, after]) => after?.startsWith(" -"))).toEqual([]);
});

test("every key of the configuration that an explanation names is one", () => {
  const keys = new Set(keysOf(configurationJsonSchema()));
  const named = texts.flatMap(([kind, text]) =>
    [
      ...text.matchAll(
        /\b(?:rotate|archive|registry|locks|corruption|gateway|claude|openclaw)\.[a-zA-Z]+(?:\.[a-zA-Z]+)?/g,
      ),
    ].map(([key]) => [kind, key] as const),
  );
  const files = /^openclaw\.json$/;
  expect(named.length).toBeGreaterThan(30);
  expect(named.filter(([, key]) => !files.test(key) && !keys.has(key))).toEqual([]);
});

test("every kind of finding that the README names is explained", () => {
  const readme = readFileSync(join(import.meta.dirname, "..", "..", "README.md"), "utf8");
  const kinds = [...readme.matchAll(/^\| (`[a-z-]+`(?:, `[a-z-]+`)*) /gm)].flatMap(
    ([, names = ""]) => names.match(/[a-z-]+/g) ?? [],
  );
  const strategies = ["cut", "digest", "empty"];
  expect(kinds.length).toBeGreaterThan(20);
  expect(kinds.filter((kind) => !explainable.includes(kind) && !strategies.includes(kind))).toEqual([]);
});

test.for([
  ["orphand", "orphaned-result"],
  ["stale-lok", "stale-lock"],
  ["tokens", "tokens-warning"],
  ["Oversized", "oversized"],
])("of %s the nearest is %s", ([typed, meant]) => {
  expect(() => explain(typed ?? "")).toThrow(`the nearest is ${meant}`);
});

test("damage comes with the releases that it harms", () => {
  const [orphan] = explain("orphaned-result");
  expect(orphan?.releases?.map(({ dialect, form, effects }) => [dialect, form, effects[0]?.effect])).toEqual([
    ["claude-code", undefined, "fatal"],
    ["claude-code", "of a tool that the vendor runs", "fatal"],
    ["openclaw", undefined, "fatal"],
  ]);
});

function wordsOf(command: string): string[] {
  return (command.match(/'[^']*'|\S+/g) ?? []).slice(1).map((word) => word.replaceAll("'", ""));
}

/** The paths of all keys, those of an installation without the words before them, as people name them. */
function keysOf(schema: object, before = ""): string[] {
  const { properties = {}, additionalProperties, anyOf = [], oneOf = [] } = schema as Record<string, never>;
  const own = Object.entries(properties as Record<string, object>).flatMap(([name, value]) => {
    const path = before === "" ? name : `${before}.${name}`;
    return [path, ...keysOf(value, name === "installations" ? "" : path)];
  });
  const further = typeof additionalProperties === "object" ? keysOf(additionalProperties, before) : [];
  return [
    ...own,
    ...further,
    ...[...(anyOf as object[]), ...(oneOf as object[])].flatMap((one) => keysOf(one, before)),
  ];
}

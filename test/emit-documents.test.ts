import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { scratchSurroundings } from "./support/surroundings.ts";

test("the build program writes the JSON Schema of the configuration, and the manual page", () => {
  const { root } = scratchSurroundings();
  const program = fileURLToPath(new URL("../src/emit-documents.ts", import.meta.url));
  execFileSync(process.execPath, ["--import", import.meta.resolve("tsx"), program, join(root, "dist")]);
  const schema = JSON.parse(readFileSync(join(root, "dist", "config.schema.json"), "utf8"));
  expect(schema.$schema).toBe("http://json-schema.org/draft-07/schema#");
  expect(schema.additionalProperties).toBe(false);
  const sections = [
    "installations",
    "rotate",
    "corruption",
    "locks",
    "archive",
    "registry",
    "notify",
    "ping",
    "metrics",
    "log",
  ];
  expect(Object.keys(schema.properties)).toEqual(sections);
  expect(readFileSync(join(root, "dist", "session-keeper.1"), "utf8")).toMatch(/^\.TH SESSION\\-KEEPER 1 /);
});

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { compiledPath, compileSkimmer } from "../support/compile-skimmer.ts";

test("what is committed is what the sources compile to, byte for byte", async () => {
  expect(readFileSync(compiledPath, "utf8")).toBe(await compileSkimmer());
});

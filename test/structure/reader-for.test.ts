import { expect, test } from "vitest";
import { readWholeRows } from "../../src/structure/read-rows.ts";
import { readerFor } from "../../src/structure/reader-for.ts";
import { canSkim, readSkimmedRows } from "../../src/structure/skim-rows.ts";

test("what is read is skimmed once there is enough of it, in one file or in many, and from then on", async () => {
  expect(canSkim()).toBe(true);
  expect(await readerFor(1_400_000)).toBe(readWholeRows);
  expect(await readerFor(1_400_000)).toBe(readWholeRows);
  expect(await readerFor(1_400_000)).toBe(readSkimmedRows);
  expect(await readerFor(1000)).toBe(readSkimmedRows);
});

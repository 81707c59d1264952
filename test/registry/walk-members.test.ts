import { closeSync, mkdtempSync, openSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { JsonTextError } from "../../src/json/json-text.ts";
import { walkMembers } from "../../src/registry/walk-members.ts";

const folder = mkdtempSync(join(tmpdir(), "walk-members-"));
const path = join(folder, "sessions.json");
afterAll(() => rmSync(folder, { recursive: true }));

/** What is read at once does not reach to the end. */
const FILLER = "x".repeat(200_000);

it.each([
  ["to nothing", 0],
  ["in the middle of a member", 150_000],
  ["to a member's end", 10],
  ["by its last brace", JSON.stringify({ a: 1, b: FILLER }).length - 1],
])("a file that becomes shorter on the way is none that holds an object (%s)", (_, sizeBytes) => {
  writeFileSync(path, JSON.stringify({ a: 1, b: FILLER }));
  const descriptor = openSync(path, "r");
  try {
    const walk = () => walkMembers(descriptor, ({ name }) => name === "a" && truncateSync(path, sizeBytes));
    expect(walk).toThrow(JsonTextError);
  } finally {
    closeSync(descriptor);
  }
});

it("white space beyond what is read at once, behind which the file breaks off, ends too", () => {
  writeFileSync(path, `{"a":1}${" ".repeat(300_000)}`);
  const descriptor = openSync(path, "r");
  try {
    expect(() => walkMembers(descriptor, () => truncateSync(path, 9))).toThrow(JsonTextError);
  } finally {
    closeSync(descriptor);
  }
});

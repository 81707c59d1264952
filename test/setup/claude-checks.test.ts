import { expect, test } from "vitest";
import { checkClaude } from "../../src/setup/claude-checks.ts";
import { saidBy } from "../support/checks.ts";

const facts = { home: "/h/.claude", cleanup: { days: 30, isSetOnPurpose: false } };
const said = (over: object) => saidBy(checkClaude({ ...facts, ...over }, 3 * 86_400_000));

test("the version is told where rows or the package tell it", () => {
  expect(said({})[0]).toBe("claude-version-unknown ok");
  expect(said({ written: "2.1.42" })[0]).toBe("claude-known ok");
  expect(said({ installed: { version: "2.1.42", path: "/bin/claude" } })[0]).toBe("claude-known ok");
});

test("a sweep that nobody chose is worth advice", () => {
  expect(said({})[1]).toBe("claude-sweeps advice");
  expect(said({ cleanup: { days: 7, isSetOnPurpose: false, by: ["/w"] } })[1]).toBe("claude-sweeps advice");
  expect(said({ cleanup: { days: 99999, isSetOnPurpose: true } })[1]).toBe("claude-sweep-chosen ok");
});

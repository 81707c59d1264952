import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { globalOptions } from "../../src/commands/global-options.ts";
import { commands } from "../../src/commands/index.ts";
import { manPage } from "../../src/manual/man-page.ts";

const page = manPage("1.2.3");

test("the manual page names every command, verb and option", () => {
  const text = page.replaceAll("\\-", "-");
  for (const { name, verbs = [], options } of commands) {
    expect(text).toContain(`.SS ${name}\n`);
    for (const verb of verbs) expect(text).toContain(`.SS ${name} ${verb.name}\n`);
    for (const { flags, isHidden } of [...options, ...verbs.flatMap((verb) => verb.options), ...globalOptions])
      for (const flag of flags.match(/--[\w-]+/g) ?? []) expect(text.includes(`\\fB${flag}\\fR`), flag).toBe(!isHidden);
  }
  expect(text).toContain("session-keeper 1.2.3");
  expect(text).toContain("\\fB75\\fR");
});

test("the formatter of manual pages has nothing to complain of", ({ skip }) => {
  const { error, status, stderr } = spawnSync("groff", ["-man", "-ww", "-z", "-Tutf8"], {
    input: page,
    encoding: "utf8",
  });
  if (error) skip("groff is not installed");
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
});

test("what it shows can be read and copied", ({ skip }) => {
  const { error, stdout } = spawnSync("groff", ["-man", "-Tutf8", "-P-cbou"], { input: page, encoding: "utf8" });
  if (error) skip("groff is not installed");
  const lines = stdout.split("\n").map((line) => line.trim());
  expect(lines).toContain("session-keeper rotate --session ID --strategy digest --force");
  expect(lines).toContain("session-keeper restore undo <run>");
  expect(lines.some((line) => line.includes("messages.4: unexpected `tool_use_id` found ..."))).toBe(true);
});

import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { reportSchema } from "../../src/report/schema.ts";
import { makeHome, snapshot } from "../support/home.ts";
import { keeper, keeperJson } from "../support/keeper.ts";
import { put } from "../support/surroundings.ts";

const VERBS = [
  ["config"],
  ["cron"],
  ["systemd"],
  ["metrics"],
  ["metrics", "--dashboard"],
  ["template", "john", "--home", "/srv/john/openclaw"],
];

test.for(VERBS)(
  "setup %s prints to a pipe, quiet or not, the same as in its document, and changes nothing",
  async (verb) => {
    const home = makeHome();
    onTestFinished(home.remove);
    const before = snapshot(home.root);
    const env = { HOME: home.root };
    const { stdout, stderr, status } = await keeper(["setup", ...verb, "--quiet"], env);
    expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
    const { status: _, stderr: __, ...document } = await keeperJson(["setup", ...verb], env);
    expect(reportSchema.parse(document).text).toBe(stdout);
    expect(document).toMatchObject({ command: "setup", verb: verb[0], installations: [] });
    expect(snapshot(home.root)).toEqual(before);
  },
);

test("what template prints is a file that conf.d takes as it is", async () => {
  const home = makeHome();
  onTestFinished(home.remove);
  const { stdout } = await keeper(["setup", "template", "john", "--home", home.root]);
  const file = put(join(home.root, "john.json5"), stdout, 0o600);
  const report = await keeperJson(["rotate", "--dry-run", "--config", file, "--state-dir", home.state]);
  expect(report.installations.map(({ name, dialects }) => [name, dialects])).toEqual([
    ["john", ["claude-code", "openclaw"]],
  ]);
});

test.for([[], ["a/b"], ["-x"], [" "]])("a name that no file may have is a slip: %j", async (name) => {
  expect((await keeper(["setup", "template", ...name])).status).toBe(2);
});

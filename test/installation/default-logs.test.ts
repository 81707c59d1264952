import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { defaultLogs } from "../../src/installation/default-logs.ts";
import { decideEra } from "../../src/installation/era.ts";
import { type Home, makeHome } from "../support/home.ts";

let home: Home;
afterEach(() => home?.remove());

test("the gateway's own log settings and the files of a launch daemon are looked for, and only what is there", () => {
  home = makeHome();
  const config = { path: null, agents: [], logFile: "/inside/gateway.log" };
  const at = () =>
    defaultLogs({ home: home.openclaw, config, era: decideEra([]) }, { "/inside": home.root }).filter((path) =>
      path.startsWith(home.root),
    );
  expect(at()).toEqual([join(home.root, "gateway.log")]);
  mkdirSync(join(home.openclaw, "logs"));
  writeFileSync(join(home.openclaw, "logs", "gateway.err.log"), "");
  expect(at()).toEqual([join(home.root, "gateway.log"), join(home.openclaw, "logs", "gateway.err.log")]);
});

import JSON5 from "json5";
import { expect, test } from "vitest";
import { defaults } from "../../src/config/defaults.ts";
import { configurationSchema } from "../../src/config/schema.ts";
import { contractExample } from "../support/contract-example.ts";

const { installations, ...sections } = configurationSchema.parse(JSON5.parse(contractExample));
const { installation, ...sectionDefaults } = defaults;

test("every default is what the contract's example says", () => {
  expect(sectionDefaults).toEqual(sections);
  const { claude, gateway, workspace, memoryNote, foreignPids } = installations.jarvis ?? expect.fail("no jarvis");
  expect(claude).toMatchObject(installation.claude);
  const { restartTimeout, maxRestarts, per } = gateway;
  expect(installation.gateway).toEqual({ logs: null, restart: null, health: null, restartTimeout, maxRestarts, per });
  expect({ workspace, memoryNote, foreignPids }).toEqual({
    workspace: installation.workspace,
    memoryNote: installation.memoryNote,
    foreignPids: installation.foreignPids,
  });
});

test("an empty configuration gives exactly the defaults", () => {
  expect(configurationSchema.parse({})).toEqual({ installations: {}, ...sectionDefaults });
  const bare = configurationSchema.parse({ installations: { a: { claude: {}, openclaw: {} } } }).installations.a;
  expect(bare).toEqual({ ...installation, openclaw: { version: "auto" }, paths: {} });
});

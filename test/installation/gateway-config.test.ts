import { mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readGatewayConfig } from "../../src/installation/gateway-config.ts";
import { readOpenClawConfig } from "../../src/installation/openclaw-config.ts";
import { findStrays } from "../../src/routing/identity.ts";
import { readRouting } from "../../src/routing/routing.ts";
import { received } from "../routing/configurations.ts";

let home: string;
beforeEach(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), "keeper-config-")));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

function write(name: string, text: string): string {
  writeFileSync(join(home, name), text);
  return join(home, name);
}

const group = `$${"{OFFICE_GROUP}"}`;

test("JSON5 with includes and variables, as routing needs it; nothing is written", async () => {
  const path = write(
    "openclaw.json",
    `// office\n{ $include: './agents.json', bindings: { $include: 'bindings.json5' }, }`,
  );
  write("agents.json", `{"agents":{"list":[{"id":"main"},{"id":"work"}]}}`);
  write(
    "bindings.json5",
    `[{ agentId: 'work', match: { channel: 'telegram', peer: { kind: 'group', id: '${group}' } } }]`,
  );
  const sessions = [received("main", "telegram:group:-1001"), received("work", "telegram:group:-1002")];
  const strays = async (environment: Record<string, string>) =>
    findStrays(sessions, readRouting((await readGatewayConfig(path, environment)).root)).map((one) => one.session.key);
  expect(await strays({ OFFICE_GROUP: "-1001" })).toEqual([
    "agent:main:telegram:group:-1001",
    "agent:work:telegram:group:-1002",
  ]);
  expect(await strays({})).toEqual([]);
  expect(readdirSync(home).sort()).toEqual(["agents.json", "bindings.json5", "openclaw.json"]);
});

test("what can't be read is a problem that quotes nothing of the file", async () => {
  const path = write("openclaw.json", `{"$include":"./secret.json","kept":1}`);
  expect(await readGatewayConfig(path, {})).toMatchObject({
    root: { kept: 1 },
    problem: expect.stringContaining("ENOENT"),
  });
  write("secret.json", "{ token: s3cret, }}");
  const { root, problem } = await readGatewayConfig(path, {});
  expect(root).toBeUndefined();
  expect(problem).toContain("no JSON5");
  expect(problem).not.toContain("s3cret");
  expect((await readGatewayConfig(join(home, "none.json"), {})).problem).toContain("ENOENT");
});

test("the settings that every run needs are found behind includes and variables too", async () => {
  const path = write("openclaw.json", `{"$include":"./rest.json","agents":{"$include":"agents.json"}}`);
  write("rest.json", JSON.stringify({ session: { store: `$${"{STORE}"}/sessions.json` }, gateway: { port: 7 } }));
  write("agents.json", `{"list":[{"id":"Ops","workspace":"/w"}]}`);
  const agents = [{ id: "ops", isDefault: false, workspace: "/w" }];
  const known = await readOpenClawConfig(path, { STORE: "/data" });
  expect(known).toMatchObject({ store: "/data/sessions.json", port: 7, agents });
  expect(known).not.toHaveProperty("storeUnknown");
  const unknown = await readOpenClawConfig(path, {});
  expect(unknown).not.toHaveProperty("store");
  expect(unknown.storeUnknown).toContain("STORE");
});

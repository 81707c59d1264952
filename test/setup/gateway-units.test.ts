import { join } from "node:path";
import { expect, test } from "vitest";
import { findGatewayServices, readService } from "../../src/setup/gateway-units.ts";
import { put, scratchSurroundings } from "../support/surroundings.ts";

const unit = (start: string, more = "") => `[Service]\n${more}ExecStart=${start}\n`;

test.for([
  { name: "openclaw-gateway.service", text: unit("/usr/bin/node x"), says: {} },
  { name: "openclaw-gateway-work.service", text: unit("x"), says: { profile: "work" } },
  { name: "clawdbot-gateway.service", text: unit("x"), says: {} },
  {
    name: "jarvis.service",
    text: unit("/usr/bin/openclaw gateway --port 1", 'User=jarvis\nEnvironment="OPENCLAW_STATE_DIR=/srv/a b" A=b\n'),
    says: { user: "jarvis", stateFolder: "/srv/a b" },
  },
  { name: "x.service", text: unit("openclaw --profile work gateway"), says: { profile: "work" } },
])("$name runs a gateway", ({ name, text, says }) => {
  const path = `/etc/systemd/system/${name}`;
  expect(readService(path, text, "system")).toEqual({ unit: name, path, scope: "system", ...says });
});

test.for(["ssh.service", "my-gateway.service"])("%s runs none", (name) => {
  expect(readService(`/etc/${name}`, unit("/usr/sbin/sshd"), "system")).toBeUndefined();
});

test("units of the user and of the system are found, and of one name the user's own counts", () => {
  const { root, homeDirectory } = scratchSurroundings();
  const own = put(join(homeDirectory, ".config/systemd/user/openclaw-gateway.service"), unit("x"));
  put(join(homeDirectory, ".local/share/systemd/user/openclaw-gateway.service"), unit("y"));
  const system = put(join(root, "system/jarvis.service"), unit("openclaw gateway"));
  const found = findGatewayServices(homeDirectory, [join(root, "system")]);
  expect(found.map(({ scope, path }) => [scope, path])).toEqual([
    ["user", own],
    ["system", system],
  ]);
});

import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { COMMANDS } from "../../src/setup/own-jobs.ts";
import { type UnitPlaces, unitsFor } from "../../src/setup/units.ts";
import { put, scratchSurroundings } from "../support/surroundings.ts";

const places: UnitPlaces = {
  scope: "system",
  program: [process.execPath, import.meta.filename],
  searchPath: "/usr/bin:/bin",
  options: [],
  variables: {},
  writable: ["/srv/john/openclaw"],
  gainsRights: false,
};
const service = (over: Partial<UnitPlaces>, command = "rotate") =>
  unitsFor({ ...places, ...over }).find(({ name }) => name === `session-keeper-${command}.service`)?.text ?? "";
const hasSystemd = spawnSync("systemd-analyze", ["--version"]).status === 0;

test("each command has a service and a timer", () => {
  const names = unitsFor(places).map(({ name }) => name);
  expect(names).toEqual(COMMANDS.flatMap((name) => [`session-keeper-${name}.service`, `session-keeper-${name}.timer`]));
});

test("units of the system write to what was named, and to nothing else", () => {
  expect(service({})).toContain("\nProtectSystem=strict\n");
  expect(service({}).match(/^ReadWritePaths=.*$/gm)).toEqual(["ReadWritePaths=-/srv/john/openclaw"]);
});

test("a user's units get no namespace of their own: from one they could not see who has a file open", () => {
  const text = service({ scope: "user" });
  expect(text).toContain("\nNoNewPrivileges=yes\n");
  expect(text).not.toMatch(
    /^(?:Protect|Private|ReadWrite|ReadOnly|Inaccessible|Bind|TemporaryFileSystem|Root|DynamicUser)/m,
  );
});

test.for(["system", "user"] as const)("where sudo is needed, the units of the %s leave it its rights", (scope) => {
  const text = service({ scope, gainsRights: true });
  const gone = /^(?:NoNewPrivileges|SystemCall|Restrict|LockPersonality|CapabilityBoundingSet)/m;
  expect(text).not.toMatch(gone);
  expect(text).toMatch(/^# .*sudo/m);
  expect(service({ scope })).toMatch(gone);
});

test("words are quoted as systemd reads them, and its placeholders are doubled", () => {
  const text = service({
    program: ["/usr/bin/node", '/a b/100%$x"y.js'],
    options: ["--state-dir", "/s t"],
    variables: { A: "$1 %h" },
  });
  expect(text).toContain('ExecStart=/usr/bin/node "/a b/100%%$$x\\"y.js" rotate --cron --state-dir "/s t"\n');
  expect(text).toContain('Environment="A=$1 %%h"\n');
  expect(service({}, "validate-registry")).toContain("validate-registry --repair --cron\n");
});

test.skipIf(!hasSystemd).for([
  { scope: "system", gainsRights: false },
  { scope: "system", gainsRights: true },
  { scope: "user", gainsRights: false },
  { scope: "user", gainsRights: true },
] as const)("systemd has nothing to say against them: %j", (over) => {
  const { root } = scratchSurroundings();
  const units = unitsFor({ ...places, ...over, writable: ["/a b", "/c%d"], variables: { A: "x y" } });
  const files = units.map(({ name, text }) => put(join(root, name), text));
  const argv = [...(over.scope === "user" ? ["--user"] : []), "verify", ...files];
  const { status, stderr } = spawnSync("systemd-analyze", argv, {
    encoding: "utf8",
    env: { ...process.env, XDG_RUNTIME_DIR: root },
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
});

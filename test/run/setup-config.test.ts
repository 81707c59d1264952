import { join } from "node:path";
import { expect, test } from "vitest";
import { loadSettings } from "../../src/config/load.ts";
import { setUpConfig } from "../../src/run/setup-config.ts";
import { fakePrograms } from "../support/fake-programs.ts";
import { put, putFolder, scratchSurroundings } from "../support/surroundings.ts";

/** What of this machine there is besides must not matter: only root looks into the homes of others. */
function scratchUser() {
  const made = scratchSurroundings();
  const programs = fakePrograms(made.root);
  programs.add("docker", "exit 1");
  const surroundings = { ...made, uid: 1000, env: { PATH: programs.path } };
  put(join(made.homeDirectory, ".openclaw/openclaw.json"), "{}");
  putFolder(join(made.homeDirectory, ".claude/projects"));
  return { ...made, programs, surroundings };
}

const print = async (surroundings: ReturnType<typeof scratchUser>["surroundings"]) =>
  (await setUpConfig({ surroundings, version: "1", signal: new AbortController().signal })).text ?? "";

test("a configuration made of what is found changes nothing but that it is named", async () => {
  const { root, surroundings } = scratchUser();
  const before = await loadSettings({}, surroundings);
  const file = put(join(root, "config.json5"), await print(surroundings), 0o600);
  const after = await loadSettings({ config: file }, { ...surroundings, uid: process.getuid?.() ?? 0 });
  expect(after).toEqual({
    ...before,
    configFile: file,
    installations: before.installations.map((one) => ({ ...one, configured: { openclaw: true, claude: true } })),
  });
});

test("profiles and units are found: one installation each, with its own restart", async () => {
  const { homeDirectory, surroundings } = scratchUser();
  put(join(homeDirectory, ".openclaw-work/openclaw.json"), "{}");
  for (const name of ["openclaw-gateway", "openclaw-gateway-work"])
    put(join(homeDirectory, `.config/systemd/user/${name}.service`), "[Service]\nExecStart=/x\n");
  const text = await print(surroundings);
  expect(text.match(/^ {4}(default|work): \{$/gm)).toEqual(["    default: {", "    work: {"]);
  expect(text.match(/^ +restart: .*?,/gm)?.map((line) => line.trim())).toHaveLength(2);
  expect(text).toContain('restart: ["systemctl", "--user", "restart", "openclaw-gateway-work.service"]');
});

test("a container that has the home mounted is found", async () => {
  const { homeDirectory, programs, surroundings } = scratchUser();
  const mounts = JSON.stringify([{ Source: join(homeDirectory, ".openclaw"), Destination: "/home/node/.openclaw" }]);
  programs.add("docker", `case $1 in ps) echo abc123;; inspect) echo '"/jarvis" ${mounts}';; esac`);
  const text = await print(surroundings);
  expect(text).toContain('restart: ["docker", "restart", "jarvis"]');
  expect(text).toMatch(/paths: \{ "\/home\/node\/\.openclaw": ".*\/\.openclaw" \}/);
});

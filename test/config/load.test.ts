import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { expect, test } from "vitest";
import { type Flags, loadSettings, type Surroundings } from "../../src/config/load.ts";
import { contractExample } from "../support/contract-example.ts";
import { put, putFolder, scratchSurroundings } from "../support/surroundings.ts";

/** A machine whose user has this configuration. */
function configured(text: string) {
  const machine = scratchSurroundings();
  const file = put(join(machine.homeDirectory, ".config/session-keeper/config.json5"), text);
  return { machine, file };
}

const usage = (message: string | RegExp) =>
  expect.objectContaining({ code: "usage", message: expect.stringMatching(message) });

const two = "{ installations: { a: { openclaw: { home: '/srv/a' } }, b: { openclaw: { home: '/srv/b' } } } }";

test("without a file there is one installation of the homes that exist, and every default", async () => {
  const machine = scratchSurroundings();
  const openclaw = putFolder(join(machine.homeDirectory, ".clawdbot"));
  const settings = await loadSettings({ installation: [], gatewayLog: [] }, machine);
  expect(settings).toMatchObject({
    configFile: null,
    installations: [
      {
        name: "default",
        openclaw: { home: openclaw, version: "auto" },
        claude: null,
        configured: { openclaw: false, claude: false },
        gateway: { logs: null, restart: null },
      },
    ],
    rotate: { maxSize: 2_000_000, strategy: "auto" },
    stateDirectory: null,
  });
});

test("on an empty machine the one installation has no homes", async () => {
  const { installations } = await loadSettings({}, scratchSurroundings());
  expect(installations).toMatchObject([{ name: "default", openclaw: null, claude: null }]);
});

test("the example of the contract loads, with its paths made absolute", async () => {
  const { machine, file } = configured(contractExample);
  const settings = await loadSettings({}, machine);
  const home = machine.homeDirectory;
  expect(settings.configFile).toBe(file);
  expect(settings.installations).toMatchObject([
    {
      name: "jarvis",
      openclaw: { home: join(home, ".openclaw") },
      claude: { home: join(home, ".claude") },
      configured: { openclaw: true, claude: true },
      gateway: { logs: [join(home, "claudebot/data/jarvis.log"), "journal:jarvis.service"] },
    },
  ]);
});

test("a file that names no installation changes settings of the default one", async () => {
  const { machine } = configured('{ rotate: { maxSize: "3MB" } }');
  const { installations, rotate } = await loadSettings({}, machine);
  expect(installations).toMatchObject([{ name: "default" }]);
  expect(rotate.maxSize).toBe(3_000_000);
});

test("the system's main file and drop-ins make one configuration", async () => {
  const machine = scratchSurroundings();
  put(join(machine.systemDirectory, "config.json5"), '{ rotate: { maxSize: "3MB" } }');
  put(join(machine.systemDirectory, "conf.d/a.json5"), "{ installations: { a: {} } }");
  put(join(machine.systemDirectory, "conf.d/b.json5"), "{ installations: { b: {} } }");
  const { installations, rotate } = await loadSettings({}, machine);
  expect(installations.map(({ name }) => name)).toEqual(["a", "b"]);
  expect(rotate.maxSize).toBe(3_000_000);
});

test("flags make up an installation where there is none, and may be relative", async () => {
  const machine = scratchSurroundings();
  const flags = {
    openclawHome: "oc/",
    claudeHome: "~/cl/",
    gatewayLog: ["bot.log", "journal:bot"],
    archiveDir: "../archive",
    stateDir: "/srv/state/",
  };
  expect(await loadSettings(flags, machine)).toMatchObject({
    installations: [
      {
        name: "default",
        openclaw: { home: join(machine.cwd, "oc"), version: "auto" },
        claude: { home: join(machine.homeDirectory, "cl"), personalSessions: "ignore", personalMaxSize: 50_000_000 },
        configured: { openclaw: true, claude: true },
        gateway: { logs: [join(machine.cwd, "bot.log"), "journal:bot"] },
      },
    ],
    archive: { directory: join(machine.root, "archive") },
    stateDirectory: "/srv/state",
  });
});

test("flags override the only installation, and leave the rest of it", async () => {
  const text = "{ installations: { a: { openclaw: { home: '/srv/a', version: '2026.2.9' }, claude: false } } }";
  const { installations } = await loadSettings({ openclawHome: "/srv/x" }, configured(text).machine);
  expect(installations).toMatchObject([
    { name: "a", openclaw: { home: "/srv/x", version: "2026.2.9" }, claude: null, configured: { openclaw: true } },
  ]);
});

test.for<[Flags, string]>([
  [{ openclawHome: "/x" }, "--openclaw-home"],
  [{ claudeHome: "/x" }, "--claude-home"],
  [{ gatewayLog: ["/x"] }, "--gateway-log"],
])("with several installations %j is a usage error, unless one is selected", async ([flags, option]) => {
  const { machine } = configured(two);
  await expect(loadSettings(flags, machine)).rejects.toEqual(usage(`^${option}: expected one installation.*: a, b$`));
  await expect(loadSettings({ ...flags, installation: ["a", "b"] }, machine)).rejects.toEqual(usage(option));
  const { installations } = await loadSettings({ ...flags, installation: ["b"] }, machine);
  expect(installations.map(({ name }) => name)).toEqual(["b"]);
});

test("the folders for archives and state are for all installations", async () => {
  const settings = await loadSettings({ archiveDir: "/srv/ar", stateDir: "/srv/st" }, configured(two).machine);
  expect(settings.archive.directory).toBe("/srv/ar");
  expect(settings.stateDirectory).toBe("/srv/st");
});

test("installations are selected by name, in the order of the configuration", async () => {
  const { machine } = configured("{ installations: { a: {}, b: {}, c: {} } }");
  const { installations } = await loadSettings({ installation: ["c", "a", "c"] }, machine);
  expect(installations.map(({ name }) => name)).toEqual(["a", "c"]);
  await expect(loadSettings({ installation: ["a", "d"] }, machine)).rejects.toEqual(usage('"d"; known are: a, b, c$'));
  await expect(loadSettings({ installation: ["d"] }, scratchSurroundings())).rejects.toEqual(usage("default$"));
});

test("flags for size, strategy and personal sessions win over the configuration", async () => {
  const text = `{
    installations: { a: { claude: { home: '/c' } }, b: { claude: { home: '/d', personalSessions: 'all' } }, c: { claude: false } },
    rotate: { maxSize: "3MB", strategy: "cut" },
  }`;
  const flags = { maxSize: "4MiB", strategy: "empty", personal: "cut" };
  const { rotate, installations } = await loadSettings(flags, configured(text).machine);
  expect(rotate).toMatchObject({ maxSize: 4_194_304, strategy: "empty" });
  expect(installations.map(({ claude }) => claude?.personalSessions)).toEqual(["cut", "cut", undefined]);
});

test.for<[Flags, string]>([
  [{ maxSize: "4" }, '^--max-size: expected a size such as "2MB" or "512KiB", got "4"$'],
  [{ strategy: "Cut" }, '^--strategy: expected auto, cut, digest, empty, got "Cut"$'],
  [{ personal: "yes" }, '^--personal: expected ignore, cut, all, got "yes"$'],
  [{ openclawHome: "" }, "^--openclaw-home: expected a folder"],
  [{ claudeHome: "" }, "^--claude-home: expected a folder"],
  [{ gatewayLog: [""] }, "^--gateway-log: expected a file"],
  [{ archiveDir: "" }, "^--archive-dir: expected a folder"],
  [{ stateDir: "" }, "^--state-dir: expected a folder"],
])("%j is a usage error", async ([flags, message]) => {
  await expect(loadSettings(flags, scratchSurroundings())).rejects.toEqual(usage(message));
});

test("a configuration that is wrong is a configuration error that names file and key", async () => {
  const { machine, file } = configured("{ installations: { jarvis: { gateway: { restartTimout: '1m' } } } }");
  await expect(loadSettings({}, machine)).rejects.toMatchObject({
    code: "config",
    message: expect.stringContaining(`${file}: installations.jarvis.gateway.restartTimout: unknown key`),
  });
});

test("commands from a configuration that others can write to are refused", async () => {
  const machine: Surroundings = scratchSurroundings();
  const file = put(join(machine.cwd, "mine.json5"), '{ notify: { command: ["x"] } }', 0o666);
  await expect(loadSettings({ config: "mine.json5" }, machine)).rejects.toMatchObject({
    code: "config",
    hint: `nothing was done; chmod go-w ${file}`,
  });
});

test("a run without a file loads neither the validator nor the JSON5 reader", async () => {
  const entry = fileURLToPath(new URL("../../src/config/load.ts", import.meta.url));
  const { metafile } = await build({
    ...{ entryPoints: [entry], bundle: true, splitting: true, write: false, metafile: true, outdir: "out" },
    ...{ format: "esm", platform: "node", logLevel: "silent" },
  });
  const reached = new Set<string>();
  const visit = (path: string) => {
    if (reached.has(path)) return;
    reached.add(path);
    for (const { path: next, kind } of metafile.inputs[path]?.imports ?? []) if (kind !== "dynamic-import") visit(next);
  };
  visit(Object.keys(metafile.inputs).find((path) => path.endsWith("src/config/load.ts")) ?? "");
  const paths = [...reached].join("\n");
  expect(paths).toContain("config/units.ts");
  expect(paths).not.toMatch(/node_modules\/(zod|json5)\//);
  expect(Object.keys(metafile.inputs).join("\n")).toMatch(/node_modules\/zod\//);
});

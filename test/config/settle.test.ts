import { join } from "node:path";
import { expect, test } from "vitest";
import { configurationSchema } from "../../src/config/schema.ts";
import { defaultSections, settleInstallation, settleSections } from "../../src/config/settle.ts";
import { putFolder, scratchSurroundings } from "../support/surroundings.ts";

const ask = (installation: object) => {
  const { installations } = configurationSchema.parse({ installations: { a: installation } });
  return installations.a ?? expect.fail("no installation");
};

test("every path of an installation becomes absolute", () => {
  const machine = scratchSurroundings();
  const home = machine.homeDirectory;
  const settled = settleInstallation(
    "a",
    ask({
      openclaw: { home: "~/oc//", version: "2026.2.9" },
      claude: { home: "/srv/claude/", personalMaxSize: "60MB" },
      workspace: "~/work/",
      memoryNote: "~/notes/{date}.md",
      gateway: { logs: ["~/bot.log", "journal:bot"] },
      paths: { "/home/node/.openclaw/": "~/oc/" },
    }),
    machine,
  );
  expect(settled).toEqual({
    name: "a",
    openclaw: { home: join(home, "oc"), version: "2026.2.9" },
    claude: { home: "/srv/claude", personalSessions: "ignore", personalMaxSize: 60_000_000 },
    configured: { openclaw: true, claude: true },
    workspace: join(home, "work"),
    memoryNote: join(home, "notes/{date}.md"),
    gateway: {
      logs: [join(home, "bot.log"), "journal:bot"],
      restart: null,
      health: null,
      restartTimeout: 60_000,
      maxRestarts: 2,
      per: 3_600_000,
    },
    paths: { "/home/node/.openclaw": join(home, "oc") },
    foreignPids: "auto",
  });
});

test("false is none, and what is left out is looked for in the default places", () => {
  const machine = scratchSurroundings();
  const openclaw = putFolder(join(machine.homeDirectory, ".openclaw"));
  const claude = putFolder(join(machine.homeDirectory, ".claude"));
  expect(settleInstallation("a", ask({ openclaw: false, claude: false, memoryNote: false }), machine)).toMatchObject({
    openclaw: null,
    claude: null,
    configured: { openclaw: false, claude: false },
    memoryNote: null,
  });
  const asked = ask({ openclaw: { version: "2026.2.9" }, claude: { personalSessions: "cut" } });
  expect(settleInstallation("a", asked, machine)).toMatchObject({
    openclaw: { home: openclaw, version: "2026.2.9" },
    claude: { home: claude, personalSessions: "cut" },
    configured: { openclaw: false, claude: false },
    memoryNote: "{workspace}/memory/{date}.md",
  });
});

test("an installation of which nothing is configured is the same as one configured as empty", () => {
  const machine = scratchSurroundings();
  expect(settleInstallation("a", undefined, machine)).toEqual(settleInstallation("a", ask({}), machine));
});

test("the sections without a file are those of an empty file, and each call's own", () => {
  const base = scratchSurroundings();
  const { installations: _, ...sections } = { ...configurationSchema.parse({}) };
  expect(defaultSections()).toEqual(settleSections({ installations: {}, ...sections }, base));
  defaultSections().archive.keep.last = 99;
  expect(defaultSections().archive.keep.last).toBe(10);
});

test("paths of the sections become absolute", () => {
  const base = { homeDirectory: "/home/john", cwd: "/" };
  const asked = { archive: { directory: "~/a/" }, metrics: { textfile: "~/m.prom" }, log: { file: "/var/log//k.log" } };
  const settled = settleSections(configurationSchema.parse(asked), base);
  expect(settled.archive.directory).toBe("/home/john/a");
  expect(settled.metrics.textfile).toBe("/home/john/m.prom");
  expect(settled.log.file).toBe("/var/log/k.log");
});

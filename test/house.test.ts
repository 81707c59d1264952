import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { transformSync } from "esbuild";
import { describe, expect, test } from "vitest";

/** Which folders of src, or single files, the code of a folder may use; `types`: only what is gone after compiling. */
type Rule = { code: string[]; types?: string[] };

const mayImport: Record<string, Rule> = {
  errors: { code: [] },
  host: { code: ["errors"] },
  dialects: { code: [] },
  json: { code: [] },
  skimmer: { code: [] },
  structure: { code: ["errors", "disk", "dialects", "json", "skimmer", "transcript"] },
  digest: { code: ["dialects", "json", "structure", "transcript"] },
  disk: { code: ["errors", "host"] },
  transcript: { code: ["errors", "disk"], types: ["dialects"] },
  registry: { code: ["errors", "disk", "json"] },
  routing: { code: ["registry/session-key.ts"] },
  locks: { code: ["errors", "disk", "host"] },
  "gateway-log": { code: ["errors", "disk", "host"], types: ["config", "structure"] },
  archive: { code: ["errors", "disk"], types: ["dialects", "config", "installation"] },
  restore: {
    code: ["errors", "disk", "dialects", "transcript", "archive", "digest/kept.ts", "installation/installation.ts"],
    types: ["installation"],
  },
  config: { code: ["errors"] },
  state: { code: ["errors", "disk"], types: ["gateway-log", "host", "structure"] },
  installation: {
    code: ["errors", "host", "disk", "json/optional.ts", "registry", "routing/unknown-value.ts"],
    types: ["config", "dialects"],
  },
  inspect: {
    code: [
      "errors",
      "host",
      "disk",
      "dialects",
      "transcript",
      "structure",
      "digest",
      "registry",
      "locks",
      "archive",
      "gateway-log",
      "installation",
      "derive",
      "routing",
      "json",
    ],
    types: ["config", "state"],
  },
  derive: { code: ["disk", "dialects", "json/optional.ts", "transcript", "registry"] },
  plan: {
    code: ["installation/era.ts", "installation/pruning.ts", "structure/cut.ts", "registry/session-key.ts"],
    types: ["archive", "config", "inspect", "installation"],
  },
  apply: {
    code: [
      "errors",
      "host",
      "disk",
      "dialects",
      "transcript",
      "structure",
      "digest",
      "json",
      "registry",
      "locks",
      "archive",
      "installation",
    ],
    types: ["config", "plan", "state"],
  },
  undo: {
    code: ["errors", "disk", "transcript", "json", "registry", "installation", "restore", "apply"],
    types: ["plan", "state"],
  },
  report: {
    code: ["errors", "config/units.ts", "installation/installation.ts"],
    types: ["config", "state", "inspect", "plan", "apply", "undo", "archive", "installation", "structure", "dialects"],
  },
  commands: { code: [] },
  invocation: { code: ["errors", "config/units.ts", "commands"], types: ["run"] },
  program: { code: ["errors", "commands", "invocation"] },
  run: { code: ["*"] },
  main: { code: ["*"] },
  "emit-schema": { code: ["config", "report"] },
};

/** What writes to a disk, or may, stays in these: nobody else can, so a dry run can't. */
const writers: Record<string, string> = {
  "disk/disk.ts": "the one place",
  "emit-schema.ts": "a step of the build; nothing of the program imports it",
};
const WRITING =
  /^(?:l|f)?(?:appendFile|chmod|chown|copyFile|cp|createWriteStream|datasync|fdatasync|fsync|link|mkdir|mkdtemp|rename|rm|rmdir|symlink|truncate|unlink|utimes|write|writeFile|writev)(?:Sync)?$/;
const OPENING_TO_WRITE = /\bopen(?:Sync)?\([^;]*?(?:O_WRONLY|O_RDWR|O_CREAT|O_APPEND|O_TRUNC|"(?:[wa]x?\+?|r\+)")/;

/** Packages that write by themselves, and who may load them. The worker loads ahead what it can't read later. */
const writingPackages: Record<string, string[]> = {
  pino: ["report/run-log.ts"],
  "proper-lockfile": ["locks/run-lock.ts", "run/worker.ts"],
};

const BANNED_NAMES = /(?:^|[-./])(?:utils?|helpers?|common|managers?|services?|misc)(?=[-./]|$)/;
const LINE_LIMIT = 300;

const root = join(import.meta.dirname, "..");
/** What is compiled to WebAssembly is in another language, which has types of its own and knows nothing of the rest. */
const ASSEMBLY = "skimmer/assembly/";
const sources = listTypeScript("src").filter((file) => !file.startsWith(ASSEMBLY));

type Import = { from: string; to: string; typesOnly: boolean };
const imports = sources.flatMap(importsOf);

describe("who may import whom", () => {
  test("every folder of src is in the table, and the table names no other", () => {
    expect(new Set(sources.map(folderOf))).toEqual(new Set(Object.keys(mayImport)));
  });

  test("nothing is imported that the table does not allow", () => {
    expect(imports.filter((one) => !isAllowed(one)).map(tell)).toEqual([]);
  });

  test("no two folders need one another's code, directly or around a corner", () => {
    const needs = (folder: string) => new Set(imports.filter(isCodeAcross(folder)).map(({ to }) => folderOf(to)));
    const around = (folder: string, seen: string[]): string[][] =>
      seen.includes(folder)
        ? [[...seen, folder]]
        : [...needs(folder)].flatMap((next) => around(next, [...seen, folder]));
    expect(Object.keys(mayImport).flatMap((folder) => around(folder, []))).toEqual([]);
  });

  test("deciding is pure: the plan and routing know no files, no clock, no surroundings and no chance", () => {
    const impure = /from "node:|\bDate\.now\(|new Date\(\)|\bprocess\.|Math\.random|randomUUID/;
    expect(sources.filter((file) => ["plan", "routing"].includes(folderOf(file)) && impure.test(read(file)))).toEqual(
      [],
    );
  });
});

describe("who may write", () => {
  test("only the disk imports what writes, or opens a file to write", () => {
    expect(sources.filter(canWrite).sort()).toEqual(Object.keys(writers).sort());
  });

  test("packages that write are loaded in their place only", () => {
    for (const [name, places] of Object.entries(writingPackages)) {
      const loading = new RegExp(`(?:from|import\\()\\s*"${name}"`);
      expect(sources.filter((file) => loading.test(read(file)))).toEqual(places);
    }
  });

  test("only a run makes a disk", () => {
    const makers = sources.filter((file) => /\bopenDisk\(\)/.test(read(file)) && folderOf(file) !== "disk");
    expect(new Set(makers.map(folderOf))).toEqual(new Set(["run"]));
  });

  test("nothing of the program imports a step of the build", () => {
    expect(imports.filter(({ to }) => to === "emit-schema.ts")).toEqual([]);
  });
});

describe("files", () => {
  const all = [
    ...listTypeScript("src").map((file) => `src/${file}`),
    ...listTypeScript("test").map((file) => `test/${file}`),
  ];

  test(`none is longer than ${LINE_LIMIT} lines`, () => {
    const long = all.filter((file) => readFileSync(join(root, file), "utf8").trimEnd().split("\n").length > LINE_LIMIT);
    expect(long).toEqual([]);
  });

  test("none has a name that could mean anything", () => {
    expect(all.filter((file) => BANNED_NAMES.test(file))).toEqual([]);
  });

  test("every file with code has a test of its own, or is named among those tested otherwise", () => {
    const untested = sources.filter((file) => hasCode(file) && !existsSync(testOf(file)));
    expect(untested.filter((file) => !testedOtherwise().includes(file))).toEqual([]);
  });

  test("those tested otherwise have no test of their own by now", () => {
    expect(testedOtherwise().filter((file) => existsSync(testOf(file)) || !sources.includes(file))).toEqual([]);
  });
});

function isAllowed({ from, to, typesOnly }: Import): boolean {
  const folder = folderOf(from);
  const { code, types = [] } = mayImport[folder] ?? { code: [] };
  const allowed = typesOnly ? [...code, ...types] : code;
  return folder === folderOf(to) || allowed.some((one) => one === "*" || one === to || one === folderOf(to));
}

function isCodeAcross(folder: string): (one: Import) => boolean {
  return ({ from, to, typesOnly }) => !typesOnly && folderOf(from) === folder && folderOf(to) !== folder;
}

/** The formatter puts each import at the start of a line, which is what this relies on. */
function importsOf(from: string): Import[] {
  const statement = /^(?:import|export)\s+(type\s+)?([^"';]*?)\s*from\s+"(\.[^"]+)"|\bimport\("(\.[^"]+)"\)/gm;
  return [...read(from).matchAll(statement)]
    .map(([, type, names = "", plain, lazy]) => ({
      from,
      to: normalize(join(dirname(from), plain ?? lazy ?? "")),
      typesOnly: type !== undefined || (plain !== undefined && everyIsType(names)),
    }))
    .filter(({ to }) => !to.startsWith(".."));
}

function everyIsType(names: string): boolean {
  const list = names.replace(/[{}]/g, "").split(",");
  return list.filter((name) => name.trim() !== "").every((name) => name.trim().startsWith("type "));
}

function canWrite(file: string): boolean {
  const text = read(file);
  const fs = [...text.matchAll(/^import\s+([^"';]*?)\s*from\s+"node:fs(?:\/promises)?"/gm)].map(
    ([, what = ""]) => what,
  );
  const named = fs
    .flatMap((what) => what.replace(/[{}]/g, "").split(","))
    .map((name) => name.trim().split(" ")[0] ?? "");
  const takesAll = fs.some((what) => !what.startsWith("{") && !what.startsWith("type {"));
  return takesAll || named.some((name) => WRITING.test(name)) || OPENING_TO_WRITE.test(text);
}

/** True when something is left after the types are taken out. */
function hasCode(file: string): boolean {
  return transformSync(read(file), { loader: "ts" }).code.trim() !== "";
}

function testOf(file: string): string {
  return join(root, "test", file.replace(/\.ts$/, ".test.ts"));
}

function folderOf(file: string): string {
  return file.includes("/") ? (file.split("/")[0] ?? "") : file.replace(/\.ts$/, "");
}

function listTypeScript(folder: string): string[] {
  return (readdirSync(join(root, folder), { recursive: true }) as string[])
    .filter((name) => name.endsWith(".ts"))
    .sort();
}

function read(file: string): string {
  return readFileSync(join(root, "src", file), "utf8");
}

function tell({ from, to }: Import): string {
  return `${from} -> ${to}`;
}

/** Tested by running the program in test/cli and test/crash, or with a neighbour that has a test. No new name without need. */
const throughTheProgram: Record<string, string> = {
  "": "errors main program",
  apply:
    "abandoned append-note apply-batch apply archive-transcript cut-transcript digest-transcript empty-transcript entry-undo left outcome reason recover registry-backup remove-leftover remove-lock remove-transcript repair-transcript replace-transcript restart-gateway restore-registry retain segment-header-of session-caches step write-registry",
  archive: "catalog-index folder read-tar sidecar-archives tar-entry",
  commands: "archive clean-locks detect-corruption global-options index restore rotate validate-registry",
  dialects: "claude-code dialect index openclaw segment-header",
  digest: "claude-code-rows gather-claude-code gather-openclaw kept last-lines openclaw-rows room words",
  disk: "checksum disk fingerprint left-behind name-for-path sha256 shorten",
  "gateway-log": "notices rejections",
  host: "child-process command host processes",
  inspect:
    "agents-of-peers archive attribute bloat bot-damage check-entries copied corruption cut digest entry-faults finding gateway-log group growth idle in-use key-settings leftovers lock-finding orphans pasted registry restoration rotation seen shared-transcripts shortening surroundings sweep token-limits whose",
  installation:
    "claude-settings discover era-witnesses gateway installation leftovers openclaw-config paths pruning registries trace transcripts workspaces",
  json: "optional",
  locks: "gateway-lock lock-file run-lock",
  plan: "registry",
  registry: "byte-text entry-places json5-scalar read-member salvage-broken walk-document",
  report:
    "archive-wording build damage-wording document exit-code human lock-wording places registry-wording restore-lines run-log schema told undo-lines undo-wording undo wording",
  restore: "examine found-sidecars lost opening sidecars",
  routing: "match unknown-value",
  run: "archive-folders as-owner ask blank-report homes-of-files look-after look-for-corruption look-for-locks look-to-archive look-to-rotate look-to-validate mend-catalogs named-files prospects refresh restore-get restore-undo restore run state-directory underway undo-request work worker",
  skimmer: "engine kept-members",
  state: "cursors journal state",
  structure:
    "check-claude-code check-openclaw checker confirm-breaks cut-index cut damage edit-line effects header live-rows mend-file mend pair-active pair-by-id pair-turns plan-cut read-rows reader-for rewind rewrite segment-metadata shortened skim-rows unreadable",
  transcript: "contents lines open touched-files",
  undo: "note put-back registry removed session standing stored transcript whole-registry",
};

function testedOtherwise(): string[] {
  return Object.entries(throughTheProgram).flatMap(([folder, files]) =>
    files.split(" ").map((file) => `${join(folder, file)}.ts`),
  );
}

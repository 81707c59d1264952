import JSON5 from "json5";
import { expect, test } from "vitest";
import { configurationJsonSchema, configurationSchema } from "../../src/config/schema.ts";
import { contractExample } from "../support/contract-example.ts";

const accepts = (content: unknown) => configurationSchema.safeParse(content).success;

test("the example of the contract is read with every unit resolved", () => {
  expect(configurationSchema.parse(JSON5.parse(contractExample))).toEqual({
    installations: {
      jarvis: {
        openclaw: { home: "~/.openclaw", version: "auto" },
        claude: { home: "~/.claude", personalSessions: "ignore", personalMaxSize: 50_000_000 },
        workspace: "auto",
        memoryNote: "{workspace}/memory/{date}.md",
        gateway: {
          logs: ["~/claudebot/data/jarvis.log", "journal:jarvis.service"],
          restart: ["sudo", "systemctl", "restart", "jarvis"],
          health: ["openclaw", "health", "--json"],
          restartTimeout: 60_000,
          maxRestarts: 2,
          per: 3_600_000,
        },
        paths: { "/home/node/.openclaw": "/srv/john/openclaw" },
        foreignPids: "auto",
      },
    },
    rotate: {
      maxSize: 2_000_000,
      hardLimit: 20_000_000,
      quietFor: 30_000,
      strategy: "auto",
      keepArchives: 10,
      digestSize: 16_000,
      summarize: null,
    },
    corruption: { window: 300_000, signatures: [], ignore: [] },
    locks: { minAge: 30_000, unknownOwnerAge: 1_800_000 },
    archive: {
      directory: null,
      inactiveFor: 432_000_000,
      leftoversAfter: 604_800_000,
      keep: { last: 10, within: 2_592_000_000, daily: 0, weekly: 0, monthly: 0, maxBytes: 5_000_000_000 },
      beforeClaudeSweep: 259_200_000,
    },
    registry: {
      transcriptWarn: 500_000,
      tokens: { group: [50_000, 150_000], dm: [100_000, 150_000], main: [150_000, 200_000] },
      keepBackups: 10,
    },
    notify: { command: null, webhook: null, on: ["corruption", "failure", "repair"], repeatAfter: 21_600_000 },
    ping: { url: null },
    metrics: { textfile: null },
    log: { file: null, level: "info" },
  });
});

test.for([
  { installations: { a: { openclaw: false, claude: false, memoryNote: false, foreignPids: true } } },
  { installations: { "John's bot 2": {} } },
  { installations: { a: { openclaw: { home: "/srv/a", version: "2026.7.2-beta.1" }, workspace: "~/work" } } },
  { installations: { a: { memoryNote: "~/notes/{date}.md" } } },
  { installations: { a: { gateway: { logs: ["/var/log/bot/*.log", "journal:bot@1.service"] } } } },
  { rotate: { keepArchives: 1, summarize: ["claude", "-p", ""] } },
  { corruption: { signatures: [{ name: "mine", pattern: "boom \\d+", severity: "error" }], ignore: ["^harmless"] } },
  { registry: { tokens: { dm: ["100k", "100k"] } } },
  { notify: { webhook: "https://example.org/hook?token=x", on: [] }, log: { file: "~/keeper.log", level: "debug" } },
])("accepted: %j", (content) => {
  expect(accepts(content)).toBe(true);
});

test.for([
  { unknown: 1 },
  { rotate: { unknown: 1 } },
  { rotate: null },
  { rotate: { maxSize: 2_000_000 } },
  { rotate: { maxSize: "2mbb" } },
  { rotate: { keepArchives: 0 } },
  { rotate: { keepArchives: 1.5 } },
  { rotate: { keepArchives: "10" } },
  { rotate: { summarize: [] } },
  { rotate: { summarize: [""] } },
  { rotate: { summarize: "claude -p" } },
  { rotate: { strategy: "delete" } },
  { corruption: { window: "5" } },
  { corruption: { ignore: ["("] } },
  { corruption: { ignore: [".*"] } },
  { corruption: { signatures: [{ name: "a", pattern: "(a+)+", severity: "info" }] } },
  { corruption: { signatures: [{ name: "a", pattern: "a" }] } },
  { corruption: { signatures: [{ name: " ", pattern: "a", severity: "info" }] } },
  { archive: { directory: "archives" } },
  { archive: { directory: "~other/archives" } },
  { archive: { keep: { last: -1 } } },
  { registry: { tokens: { dm: ["100k"] } } },
  { registry: { tokens: { dm: ["150k", "100k"] } } },
  { registry: { tokens: { dm: ["100", "150k"] } } },
  { registry: { keepBackups: 0 } },
  { notify: { webhook: "ftp://example.org" } },
  { notify: { on: ["size"] } },
  { log: { level: "loud" } },
  { installations: [] },
  { installations: { "": {} } },
  { installations: { "-i": {} } },
  { installations: { "a/b": {} } },
  { installations: { a: { openclaw: true } } },
  { installations: { a: { openclaw: { home: ".openclaw" } } } },
  { installations: { a: { openclaw: { version: "latest" } } } },
  { installations: { a: { memoryNote: "{workspce}/memory.md" } } },
  { installations: { a: { memoryNote: "memory.md" } } },
  { installations: { a: { memoryNote: true } } },
  { installations: { a: { gateway: { logs: ["journal:"] } } } },
  { installations: { a: { gateway: { logs: ["journal:-f"] } } } },
  { installations: { a: { gateway: { restart: ["systemctl", 1] } } } },
  { installations: { a: { gateway: { restartTimeout: 60 } } } },
  { installations: { a: { paths: { "~/x": "/srv/x" } } } },
  { installations: { a: { paths: { "/x": "srv/x" } } } },
  { installations: { a: { foreignPids: "yes" } } },
])("refused: %j", (content) => {
  expect(accepts(content)).toBe(false);
});

test("the JSON Schema accepts the example of the contract, and refuses what is misspelt", () => {
  const schema: unknown = JSON.parse(JSON.stringify(configurationJsonSchema()));
  expect(faults(schema, JSON5.parse(contractExample))).toEqual([]);
  expect(faults(schema, { rotate: { maxSize: "2mbb", maxsize: "2MB" } })).toEqual([
    "maxSize: pattern",
    "maxsize: unknown",
  ]);
  expect(faults(schema, { installations: { a: { openclaw: true } } })).not.toEqual([]);
});

test("the JSON Schema shows the defaults as a person writes them", () => {
  expect(configurationJsonSchema()).toMatchObject({
    properties: {
      rotate: {
        properties: { maxSize: { type: "string", default: "2MB" }, keepArchives: { default: 10, minimum: 1 } },
      },
      archive: { properties: { inactiveFor: { default: "5d" } } },
      registry: { properties: { tokens: { properties: { dm: { default: ["100k", "150k"] } } } } },
      installations: {
        additionalProperties: { properties: { memoryNote: { default: "{workspace}/memory/{date}.md" } } },
      },
    },
  });
});

/** As much of a JSON Schema validator as the emitted schema needs. */
// biome-ignore lint/suspicious/noExplicitAny: a JSON Schema is whatever was emitted
function faults(schema: any, value: any, name = ""): string[] {
  if (schema.anyOf) {
    const branches: string[][] = schema.anyOf.map((branch: unknown) => faults(branch, value, name));
    return branches.find((branch) => branch.length === 0) ?? branches.flat();
  }
  const type = value === null ? "null" : Array.isArray(value) ? "array" : typeof value;
  if (schema.type && schema.type !== type && !(schema.type === "integer" && Number.isInteger(value))) {
    return [`${name}: type`];
  }
  if ("const" in schema && schema.const !== value) return [`${name}: const`];
  if (schema.enum && !schema.enum.includes(value)) return [`${name}: enum`];
  if (schema.pattern && !new RegExp(schema.pattern).test(value)) return [`${name}: pattern`];
  if (type === "array") {
    return value.flatMap((item: unknown, index: number) =>
      faults(Array.isArray(schema.items) ? schema.items[index] : schema.items, item, `${name}[]`),
    );
  }
  if (type !== "object") return [];
  return Object.entries(value).flatMap(([key, child]) => {
    const next = schema.properties?.[key] ?? schema.additionalProperties;
    return next ? faults(next, child, key) : [`${key}: unknown`];
  });
}

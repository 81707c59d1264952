import { execFileSync } from "node:child_process";
import { chmodSync, linkSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { KeeperError } from "../../src/errors.ts";
import { readRegistry } from "../../src/registry/read.ts";
import { jsonNode, jsonStyle, printJson } from "../support/json-arbitraries.ts";

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "keeper-registry-"));
  path = join(folder, "sessions.json");
});

afterEach(() => rmSync(folder, { recursive: true }));

describe("readRegistry", () => {
  it("reads what rotate needs of every entry, in the types it expects", () => {
    writeFileSync(
      path,
      JSON.stringify({
        "agent:main:main": {
          sessionId: "s1",
          updatedAt: 1_770_640_000_000,
          sessionFile: "/x/s1.jsonl",
          status: "running",
          channel: "telegram",
          origin: { chatType: "group" },
          cliSessionIds: { "claude-cli": "c1" },
          claudeCliSessionId: "c1",
          pinnedAt: 1,
        },
        old: {
          sessionId: 7,
          updatedAt: "yesterday",
          sessionFile: null,
          provider: "whatsapp",
          chatType: "direct",
          origin: 5,
        },
      }),
    );
    const registry = readRegistry(path);
    expect(registry.entries).toEqual([
      {
        key: "agent:main:main",
        sessionId: "s1",
        updatedAt: 1_770_640_000_000,
        sessionFile: "/x/s1.jsonl",
        status: "running",
        chatType: "group",
        channel: "telegram",
        bindings: [{ provider: "claude-cli", sessionId: "c1" }],
        pinned: true,
      },
      { key: "old", chatType: "direct", channel: "whatsapp", bindings: [], pinned: false },
    ]);
    expect(registry.problem).toBeUndefined();
    expect(registry.fingerprint).toMatchObject({ inode: statSync(path).ino, sizeBytes: statSync(path).size });
  });

  it("reads keys that mean something to JavaScript as the data they are", () => {
    writeFileSync(
      path,
      '{"__proto__":{"sessionId":"a"},"constructor":{"sessionId":"b"},"k":{"__proto__":{"sessionId":"c"}}}',
    );
    const { entries } = readRegistry(path);
    expect(entries.map(({ key, sessionId }) => [key, sessionId])).toEqual([
      ["__proto__", "a"],
      ["constructor", "b"],
      ["k", undefined],
    ]);
  });

  it("counts entries that are no objects, and goes on", () => {
    writeFileSync(path, '{"a":null,"b":[],"c":"x","d":{"sessionId":"d"}}');
    const { entries, corrupt, problem } = readRegistry(path);
    expect(entries.map(({ key }) => key)).toEqual(["d"]);
    expect(corrupt).toBe(3);
    expect(problem).toBeUndefined();
  });

  it.each([
    ["empty", ""],
    ["empty", " \n"],
    ["unparsable", "{"],
    ["unparsable", '{"a":{}} // note'],
    ["unparsable", "\0\0\0"],
    ["unparsable", "\ufeff{}"],
    ["not-an-object", "[]"],
    ["not-an-object", "null"],
  ])("says %s of %j", (problem, text) => {
    writeFileSync(path, text);
    expect(readRegistry(path)).toMatchObject({
      problem,
      entries: [],
      fingerprint: { sizeBytes: Buffer.byteLength(text) },
    });
  });

  it("says missing of a registry that isn't there, nor its folder", () => {
    expect(readRegistry(path)).toEqual({ path, text: "", entries: [], corrupt: 0, problem: "missing" });
    expect(readRegistry(join(folder, "none", "sessions.json")).problem).toBe("missing");
  });

  it("calls bytes that are no UTF-8 unparsable, since they would not survive an edit", () => {
    writeFileSync(path, Buffer.from('{"a":{"label":"caf\xe9"}}', "latin1"));
    expect(readRegistry(path)).toMatchObject({ problem: "unparsable", text: "" });
  });

  it("gives text that turns back into the very bytes", () => {
    fc.assert(
      fc.property(jsonNode, jsonStyle, (node, style) => {
        const bytes = Buffer.from(printJson(node, style));
        writeFileSync(path, bytes);
        const { text } = readRegistry(path);
        expect(Buffer.from(text).equals(bytes)).toBe(true);
      }),
    );
  });

  it("looks for repeated names when asked to: in the registry, in an entry, in its bindings, and nowhere else", () => {
    for (const [text, problem] of [
      ['{"a":{},"a":{}}', "duplicate-keys"],
      ['{"a":{"x":1,"\\u0078":2}}', "duplicate-keys"],
      ['{"a":{"cliSessionIds":{"p":"1","p":"2"}}}', "duplicate-keys"],
      ['{"a":{"cliSessionBindings":{"p":{},"p":{}}}}', "duplicate-keys"],
      ['{"a":{"origin":{"x":1,"x":2}},"b":{"a":{}},"c":1}', undefined],
    ] as const) {
      writeFileSync(path, text);
      expect(readRegistry(path, { checkNames: true }).problem).toBe(problem);
      expect(readRegistry(path).problem).toBeUndefined();
    }
  });

  it("follows no link and waits for no pipe", () => {
    const real = join(folder, "real.json");
    writeFileSync(real, "{}");
    symlinkSync(real, path);
    expect(() => readRegistry(path)).toThrow(/symbolic link/);
    rmSync(path);
    execFileSync("mkfifo", [path]);
    expect(() => readRegistry(path)).toThrow(/not a regular file/);
    rmSync(path);
    mkdirSync(path);
    expect(() => readRegistry(path)).toThrow(KeeperError);
    rmSync(path, { recursive: true });
    linkSync(real, path);
    expect(readRegistry(path).problem).toBeUndefined();
  });

  it.skipIf(process.getuid?.() === 0)("says in one sentence that a registry may not be read", () => {
    writeFileSync(path, "{}");
    chmodSync(path, 0o000);
    expect(() => readRegistry(path)).toThrow(`cannot read the registry ${path}: EACCES`);
  });
});

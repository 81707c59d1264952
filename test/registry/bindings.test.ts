import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bindingsOf } from "../../src/registry/bindings.ts";

describe("bindingsOf", () => {
  it("merges the three fields, the gateway's favourite first, each binding once", () => {
    expect(
      bindingsOf({
        claudeCliSessionId: "old",
        cliSessionIds: { "claude-cli": "new", codex: "c" },
        cliSessionBindings: { "claude-cli": { sessionId: " new ", cwdHash: "x" } },
      }),
    ).toEqual([
      { provider: "claude-cli", sessionId: "new" },
      { provider: "codex", sessionId: "c" },
      { provider: "claude-cli", sessionId: "old" },
    ]);
  });

  it("reads a provider of any name", () => {
    const entry = JSON.parse('{"cliSessionIds":{"__proto__":"a","constructor":"b"}}') as Record<string, unknown>;
    expect(bindingsOf(entry).map(({ provider }) => provider)).toEqual(["__proto__", "constructor"]);
  });

  it("passes over whatever isn't a binding", () => {
    expect(bindingsOf({})).toEqual([]);
    expect(bindingsOf({ cliSessionIds: { a: "", b: "  ", c: 1, d: null }, claudeCliSessionId: {} })).toEqual([]);
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), fc.jsonValue(), (one, two, three) => {
        const found = bindingsOf({ cliSessionBindings: one, cliSessionIds: two, claudeCliSessionId: three });
        expect(found.every(({ sessionId }) => sessionId.trim() === sessionId && sessionId !== "")).toBe(true);
      }),
    );
  });
});

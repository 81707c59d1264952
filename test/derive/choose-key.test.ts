import { expect, test } from "vitest";
import { chooseKey } from "../../src/derive/choose-key.ts";
import type { Source } from "../../src/derive/neighbours.ts";

const session = (keys: [string, Source][] = []) => ({
  agentId: "ops",
  sessionId: "s1",
  neighbours: { keys: keys.map(([key, from]) => ({ key, from })) },
});
const group = { kind: "group", channel: "telegram", peer: "-1" } as const;

test("what others know counts before what the rows show", () => {
  expect(chooseKey({ ...session([["agent:ops:main", "trace"]]), shown: group }, new Set())).toEqual({
    right: { key: "agent:ops:main", from: "trace" },
    key: "agent:ops:main",
    isSubstitute: false,
  });
});

test.each([
  ["another agent's", "agent:main:main", "trace"],
  ["a made-up one of a log", "probe-1", "gateway-log"],
  ["one with blanks", "agent:ops:a b", "backup"],
  ["one that only its words link", "agent:ops:subagent:1", "task"],
] as const)("%s is no key for the session", (_, key, from) => {
  expect(chooseKey({ ...session([[key, from]]), shown: group }, new Set()).key).toBe("agent:ops:telegram:group:-1");
});

test("what the gateway calls `main` is the agent's main session", () => {
  const named = session([["main", "own-status"]]);
  expect(chooseKey(named, new Set()).key).toBe("agent:ops:main");
  expect(chooseKey({ ...named, settings: { mainKey: "Home" } }, new Set()).key).toBe("agent:ops:home");
  expect(chooseKey(session([["main", "backup"]]), new Set()).key).toBe("main");
});

test("a taken key is never given, whatever its case", () => {
  const taken = new Set(["agent:ops:telegram:group:-1", "agent:ops:s1", "agent:ops:s1-2"]);
  expect(chooseKey({ ...session(), shown: group }, taken)).toEqual({
    right: { key: "agent:ops:telegram:group:-1", from: "rows" },
    key: "agent:ops:s1-3",
    isSubstitute: true,
  });
  expect(chooseKey({ ...session(), sessionId: "S1" }, taken).key).toBe("agent:ops:S1-3");
  const spelt = session([["agent:ops:Signal:group:aBc=", "backup"]]);
  expect(chooseKey(spelt, new Set(["agent:ops:signal:group:abc="])).isSubstitute).toBe(true);
});

test("an unknown key is made of the session's id", () => {
  expect(chooseKey(session(), new Set())).toEqual({ right: { from: "none" }, key: "agent:ops:s1", isSubstitute: true });
});

import { describe, expect, test } from "vitest";
import type { RegisteredSession } from "../../src/routing/conversation.ts";
import { findDuplicates, findStrays } from "../../src/routing/identity.ts";
import type { Routing } from "../../src/routing/routing.ts";
import { UnknownValue } from "../../src/routing/unknown-value.ts";
import { bound, give, received } from "./configurations.ts";

const guild = "100000000000000001";
const otherGuild = "100000000000000002";
const group = { kind: "group", id: "-1001" };

type Expected = { strays?: Record<string, string>; duplicates?: [string[], string | undefined][] };
type Configuration = { routing: Routing; sessions: RegisteredSession[]; expected: Expected };

const configurations: Record<string, Configuration> = {
  "nothing is bound: all belongs to the default agent": {
    routing: bound([]),
    sessions: [
      received("main", "telegram:group:-1001"),
      received("work", "telegram:direct:700"),
      received("work", "main"),
      received("work", "cron:daily"),
      received("work", "subagent:6f0c"),
      received("work", "hook:gmail:1"),
    ],
    expected: { strays: { "agent:work:telegram:direct:700": "main by default" } },
  },
  "the shape of 2.x: peers of each kind, the account left out": {
    routing: bound(
      [
        give("work", { channel: "telegram", peer: group }),
        give("home", { channel: "WhatsApp", peer: { kind: "direct", id: "+4915100" } }),
        give("work", { channel: "discord", guildId: guild }),
        give("home", { channel: "slack", teamId: "T0000001AA" }),
      ],
      {},
      "2026.2.9",
    ),
    sessions: [
      received("work", "telegram:group:-1001"),
      received("main", "telegram:group:-1001"),
      received("main", "telegram:group:-1002"),
      received("main", "whatsapp:direct:+4915100"),
      received("home", "discord:channel:51", { space: guild }),
      received("main", "discord:channel:52", { space: otherGuild }),
      received("main", "slack:channel:c0ab", { space: "T0000001AA" }),
      // another account of the same channel: the binding is for the default one
      received("main", "telegram:group:-1001", { accountId: "second" }),
    ],
    expected: {
      strays: {
        "agent:main:telegram:group:-1001": "work by peer",
        "agent:main:whatsapp:direct:+4915100": "home by peer",
        "agent:home:discord:channel:51": "work by guild",
        "agent:main:slack:channel:c0ab": "home by team",
      },
      duplicates: [[["agent:work:telegram:group:-1001", "agent:main:telegram:group:-1001"], "work"]],
    },
  },
  "the shape of 5.28: a type, a comment, a scope of its own": {
    routing: bound(
      [
        give("work", { channel: "telegram", peer: group }, { type: "route", comment: "the office" }),
        give(
          "home",
          { channel: "telegram", accountId: "*" },
          { type: "route", session: { dmScope: "per-channel-peer" } },
        ),
        give("main", { channel: "telegram", peer: { kind: "group", id: "-1009" } }, { type: "acp", acp: {} }),
      ],
      {},
      "2026.6.11",
    ),
    sessions: [
      received("main", "telegram:group:-1001"),
      received("main", "telegram:direct:700"),
      received("work", "telegram:group:-1009"),
      received("main", "acp:binding:telegram:default:0a1b"),
    ],
    expected: {
      strays: {
        "agent:main:telegram:group:-1001": "work by peer",
        "agent:main:telegram:direct:700": "home by channel",
      },
    },
  },
  "the old words: dm for direct, in bindings and in keys": {
    routing: bound([give("work", { channel: "telegram", peer: { kind: "dm", id: "700" } })]),
    sessions: [received("work", "telegram:direct:700"), received("main", "telegram:dm:700")],
    expected: {
      strays: { "agent:main:telegram:dm:700": "work by peer" },
      duplicates: [[["agent:work:telegram:direct:700", "agent:main:telegram:dm:700"], "work"]],
    },
  },
  "a whole account, and a peer that counts more than the account": {
    routing: bound([
      give("home", { channel: "telegram", accountId: "Second" }),
      give("work", { channel: "telegram", accountId: "second", peer: group }),
    ]),
    sessions: [
      received("main", "telegram:group:-1001"),
      received("work", "telegram:group:-1001", { accountId: "second" }),
      received("home", "telegram:group:-1001", { accountId: "second" }),
      received("main", "telegram:second:direct:700"),
    ],
    expected: {
      strays: {
        "agent:home:telegram:group:-1001": "work by peer",
        "agent:main:telegram:second:direct:700": "home by account",
      },
      duplicates: [[["agent:work:telegram:group:-1001", "agent:home:telegram:group:-1001"], "work"]],
    },
  },
  "roles in a guild: the same channel goes to several agents, and no one can tell whose message was whose": {
    routing: bound([
      give("work", { channel: "discord", guildId: guild, roles: ["r1"] }),
      give("home", { channel: "discord", guildId: guild }),
    ]),
    sessions: [
      received("work", "discord:channel:51", { space: guild }),
      received("home", "discord:channel:51", { space: guild }),
      received("main", "discord:channel:52", { space: guild }),
      received("work", "discord:channel:52", { space: guild }),
      received("home", "discord:channel:53", { space: otherGuild }),
      received("home", "discord:channel:54", { space: "our-server" }),
    ],
    expected: {
      strays: { "agent:home:discord:channel:53": "main by default" },
      duplicates: [[["agent:main:discord:channel:52", "agent:work:discord:channel:52"], undefined]],
    },
  },
  "topics follow their group, unless one is bound by itself": {
    routing: bound([
      give("work", { channel: "telegram", peer: group }),
      give("home", { channel: "telegram", peer: { kind: "group", id: "-1001:topic:7" } }),
      give("work", { channel: "slack", peer: { kind: "channel", id: "C0AB" } }),
    ]),
    sessions: [
      received("main", "telegram:group:-1001:topic:3"),
      received("work", "telegram:group:-1001:topic:3"),
      received("home", "telegram:group:-1001:topic:7"),
      received("work", "telegram:group:-1001:topic:8"),
      received("main", "slack:channel:c0ab:thread:1700.2"),
      received("main", "telegram:group:-1002:topic:3"),
    ],
    expected: {
      strays: {
        "agent:main:telegram:group:-1001:topic:3": "work by parent peer",
        "agent:main:slack:channel:c0ab:thread:1700.2": "work by peer",
      },
      duplicates: [[["agent:main:telegram:group:-1001:topic:3", "agent:work:telegram:group:-1001:topic:3"], "work"]],
    },
  },
  "a thread in Discord may follow a channel that is not named": {
    routing: bound([give("work", { channel: "discord", peer: { kind: "channel", id: "51" } })]),
    sessions: [
      received("work", "discord:channel:59", { origin: { provider: "discord", accountId: "default", threadId: "59" } }),
      received("work", "discord:channel:58"),
    ],
    expected: { strays: { "agent:work:discord:channel:58": "main by default" } },
  },
  "people who are linked: one name in the key, several ids in the bindings": {
    routing: bound([give("work", { channel: "telegram", peer: { kind: "direct", id: "700" } })], {
      session: {
        dmScope: "per-channel-peer",
        identityLinks: { Ann: ["telegram:700", "whatsapp:+4915100"], Ben: ["telegram:701", "telegram:702"] },
      },
    }),
    sessions: [
      received("main", "telegram:direct:ann"),
      received("work", "telegram:direct:700"),
      received("main", "whatsapp:direct:ann"),
      received("work", "telegram:direct:ben"),
    ],
    expected: {
      strays: { "agent:main:telegram:direct:ann": "work by peer", "agent:work:telegram:direct:ben": "main by default" },
      duplicates: [[["agent:main:telegram:direct:ann", "agent:work:telegram:direct:700"], "work"]],
    },
  },
  "per-peer sessions are shared by all channels, so that more than one agent may be right": {
    routing: bound([give("work", { channel: "whatsapp" })], { session: { dmScope: "per-peer" } }),
    sessions: [
      received("main", "direct:+4915100", { lastChannel: "whatsapp" }),
      received("work", "direct:+4915100"),
      received("home", "direct:+4915101"),
    ],
    expected: {},
  },
  "a variable that is not known here": {
    routing: bound([
      give("work", { channel: "telegram", peer: { kind: "group", id: new UnknownValue("OFFICE_GROUP") } }),
      give("home", { channel: "telegram", accountId: "second" }),
    ]),
    sessions: [
      received("main", "telegram:group:-1001"),
      received("work", "telegram:group:-1001"),
      received("home", "telegram:direct:700"),
    ],
    expected: { strays: { "agent:home:telegram:direct:700": "main by default" } },
  },
  "a broadcast: several agents have the same group on purpose": {
    routing: bound([], { broadcast: { strategy: "parallel", "61@g.us": ["main", "work"] } }),
    sessions: [
      received("main", "whatsapp:group:61@g.us"),
      received("work", "whatsapp:group:61@g.us"),
      received("work", "whatsapp:group:62@g.us"),
    ],
    expected: { strays: { "agent:work:whatsapp:group:62@g.us": "main by default" } },
  },
};

describe.each(Object.entries(configurations))("%s", (_name, { routing, sessions, expected }) => {
  test("strays", () => {
    const found = findStrays(sessions, routing).map(({ session, wanted, by }) => [session.key, `${wanted} by ${by}`]);
    expect(Object.fromEntries(found)).toEqual(expected.strays ?? {});
  });

  test("duplicates", () => {
    const found = findDuplicates(sessions, routing).map((one) => [one.sessions.map(({ key }) => key), one.wanted]);
    expect(found).toEqual(expected.duplicates ?? []);
  });
});

test("an agent that wrote to somebody by itself has no stray and no duplicate for that", () => {
  const written = received("work", "telegram:group:-1001", { lastTo: undefined, deliveryContext: undefined });
  const sessions = [written, received("main", "telegram:group:-1001")];
  expect(findStrays(sessions, bound([]))).toEqual([]);
  expect(findDuplicates(sessions, bound([]))).toEqual([]);
});

test("ids that differ in capitals alone are different ones for Signal's groups, and the same elsewhere", () => {
  const pair = (rest: string) => [received("main", rest), received("work", rest.toLowerCase())];
  expect(findDuplicates(pair("signal:group:AbC="), bound([]))).toEqual([]);
  expect(findDuplicates(pair("msteams:group:AbC"), bound([]))).toHaveLength(1);
});

test("aliases of a channel, and its name before the id, make no other peer", () => {
  const sessions = [received("main", "imessage:group:12"), received("work", "imsg:group:imessage:12")];
  expect(findDuplicates(sessions, bound([]))).toHaveLength(1);
});

test("without an account in the entry it is the channel's only one, or it can't be told", () => {
  const sessions = ["main", "work"].map((agent) => ({ agent, key: `agent:${agent}:telegram:group:-1001`, entry: {} }));
  expect(findDuplicates(sessions, bound([]))).toHaveLength(1);
  const several = bound([], { channels: { telegram: { accounts: { default: {}, second: {} } } } });
  expect(findDuplicates(sessions, several)).toEqual([]);
});

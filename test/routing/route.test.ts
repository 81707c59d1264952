import { describe, expect, test } from "vitest";
import { findDuplicates, findStrays } from "../../src/routing/identity.ts";
import { routeOf } from "../../src/routing/route.ts";
import { readRouting } from "../../src/routing/routing.ts";
import { seededRandom } from "../support/random.ts";
import { randomRoutingCase, sessionFor, withLess } from "../support/random-routing.ts";
import { bound, give, received } from "./configurations.ts";

const CASES = 3000;
const guild = "100000000000000001";

describe("what can't be told", () => {
  const doubtful = (rest: string, bindings: object[], entry = {}, more = {}) =>
    routeOf(received("main", rest, entry), bound(bindings, more));

  test.each([
    ["guild", doubtful("discord:channel:51", [give("work", { channel: "discord", guildId: guild })])],
    ["roles", doubtful("discord:channel:51", [give("work", { channel: "discord", roles: ["r1"] })], { space: guild })],
    ["team", doubtful("slack:direct:u0ab", [give("work", { channel: "slack", teamId: "T0000001AA" })])],
    ["channel", doubtful("direct:700", [give("work", { channel: "telegram", accountId: "*" })])],
    [
      "spelling",
      doubtful("msteams:direct:ann-1", [give("work", { channel: "msteams", peer: { kind: "direct", id: "Ann-1" } })]),
    ],
    [
      "parent",
      doubtful("matrix:direct:@ann:x.org", [give("work", { channel: "matrix", peer: { kind: "channel", id: "!a" } })]),
    ],
    [
      "acp",
      doubtful("telegram:group:-1", [
        give("work", { channel: "telegram", peer: { kind: "group", id: "-1" } }, { type: "acp" }),
      ]),
    ],
    ["broadcast", doubtful("whatsapp:direct:+49151", [], {}, { broadcast: { "+49151": ["work"] } })],
    [
      "channel settings",
      doubtful(
        "telegram:group:-1:topic:3",
        [],
        {},
        { channels: { telegram: { groups: { "-1": { topics: { 3: { agentId: "work" } } } } } } },
      ),
    ],
    ["configuration", doubtful("telegram:group:-1", [{ match: {} }])],
  ])("%s", (why, route) => {
    expect(route).toMatchObject({ is: "doubtful", why });
  });

  test("a doubt that would change nothing is none", () => {
    const bindings = [give("main", { channel: "discord", guildId: guild, roles: ["r1"] })];
    expect(routeOf(received("work", "discord:channel:51"), bound(bindings))).toEqual({
      ...{ is: "told", agent: "main", by: null },
    });
  });
});

test("a kind of conversation that is bound as a whole is nobody's parent", () => {
  const bindings = [give("work", { channel: "matrix", peer: { kind: "channel", id: "*" } })];
  expect(routeOf(received("work", "matrix:direct:@ann:x.org"), bound(bindings))).toMatchObject({ agent: "main" });
  expect(routeOf(received("main", "matrix:channel:!Ab:x.org"), bound(bindings))).toMatchObject({ by: "peer kind" });
});

test("where all channels share a session, the entry's account is only the last one's", () => {
  const bindings = [give("work", { channel: "telegram", accountId: "second" })];
  expect(routeOf(received("work", "direct:700"), bound(bindings))).toMatchObject({ is: "doubtful" });
});

test("releases differ: up to 2026.2.9 a guild's binding counts even if it names another channel", () => {
  const bindings = [give("work", { channel: "discord", guildId: guild, peer: { kind: "channel", id: "59" } })];
  const route = (version: string) =>
    routeOf(received("main", "discord:group:51", { space: guild }), bound(bindings, {}, version));
  const channel = (version: string) =>
    routeOf(received("main", "discord:channel:51", { space: guild }), bound(bindings, {}, version));
  expect(channel("2026.2.9")).toMatchObject({ is: "told", agent: "work" });
  expect(channel("2026.4.15")).toMatchObject({ is: "told", agent: "main" });
  expect(channel("")).toMatchObject({ is: "doubtful" });
  // a group of people is in no guild
  expect(route("2026.2.9")).toMatchObject({ is: "told", agent: "main" });
});

test("an agent that the list does not have is the default one; without a list any is taken", () => {
  const root = { bindings: [give("Ghost!", { channel: "telegram" })] };
  const session = received("main", "telegram:group:-1");
  const listed = { ...root, agents: { list: [{ id: "work" }, { id: "ops", default: true }] } };
  expect(routeOf(session, readRouting(root))).toMatchObject({ is: "told", agent: "ghost" });
  expect(routeOf(session, readRouting(listed))).toMatchObject({ is: "told", agent: "ops" });
});

test.each(["main", "cron:daily", "hook:1", "subagent:6f0c", "acp:6f0c", "dashboard:6f0c", "6f0c1d6e"])(
  "no routing makes %s",
  (rest) => {
    expect(routeOf(received("work", rest), bound([]))).toMatchObject({ is: "none" });
  },
);

describe(`${CASES} random configurations`, () => {
  const cases = Array.from({ length: CASES }, (_, seed) => ({ seed, ...randomRoutingCase(seed) }));
  const rest = ({ input }: (typeof cases)[number]) =>
    `${input.channel}:${input.peer.kind}:${input.peer.id.toLowerCase()}`;

  test("a session of the agent that is told is no stray, one of another agent is", () => {
    for (const one of cases) {
      const routing = readRouting(one.config, { version: "2026.4.15" });
      const at = (agent: string) => sessionFor(one.input, `agent:${agent}:${rest(one)}`, agent);
      const route = routeOf(at("main"), routing);
      const strays = ["main", "work", "ops"].map((agent) => findStrays([at(agent)], routing).length === 1);
      const right = ["main", "work", "ops"].map((agent) => route.is === "told" && route.agent !== agent);
      expect(strays, `seed ${one.seed}`).toEqual(right);
    }
  });

  test("what is told with less known is what is told with more known", () => {
    for (const one of cases) {
      const routing = readRouting(one.config, { version: "2026.4.15" });
      const session = sessionFor(one.input, `agent:main:${rest(one)}`, "main");
      const [more, less] = [routeOf(session, routing), routeOf(withLess(session, one.seed), routing)];
      if (less.is === "told" && more.is === "told") expect(less.agent, `seed ${one.seed}`).toBe(more.agent);
      if (less.is === "told") expect(more.is, `seed ${one.seed}`).toBe("told");
    }
  });

  test("the order of bindings for different agents' own groups makes no difference, nor that of the sessions", () => {
    for (const { seed } of cases.slice(0, 500)) {
      const random = seededRandom(seed);
      const ids = ["-1", "-2", "-3", "-4"];
      const bindings = ids.map((id) =>
        give(random.pick(["work", "home"]), { channel: "telegram", peer: { kind: "group", id } }),
      );
      const sessions = ids.flatMap((id) =>
        ["main", "work", "home"].map((agent) => received(agent, `telegram:group:${id}`)),
      );
      const told = (order: object[], among = sessions) =>
        findStrays(among, bound(order))
          .map(({ session, wanted }) => `${session.key} ${wanted}`)
          .sort();
      expect(told([...bindings].reverse(), [...sessions].reverse())).toEqual(told(bindings));
      expect(findDuplicates(sessions, bound(bindings)).map(({ wanted }) => wanted)).toEqual(
        bindings.map(({ agentId }) => agentId),
      );
    }
  });
});

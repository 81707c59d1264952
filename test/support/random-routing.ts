import type { RegisteredSession } from "../../src/routing/conversation.ts";
import { type Random, seededRandom } from "./random.ts";

/** A configuration, and a message that comes in: what a channel hands to the gateway's own routing. */
export type RoutingCase = {
  config: Record<string, unknown>;
  input: {
    channel: string;
    accountId?: string;
    peer: { kind: string; id: string };
    parentPeer?: { kind: string; id: string };
    guildId?: string;
    teamId?: string;
    memberRoleIds?: string[];
  };
};

type Message = RoutingCase["input"];

/** Small numbers of ids, so that bindings often match, and often almost match. */
const accounts = ["default", "work", "Second"];
const guilds = ["100000000000000001", "100000000000000002"];
const teams = ["T0000001AA", "T0000002BB"];
const roles = ["r1", "r2", "r3"];
const people = { telegram: ["700", "701"], slack: ["U0AB", "U0CD"], whatsapp: ["+4915100", "+4915101"] };

const channels: Record<string, (random: Random) => Omit<Message, "channel">> = {
  telegram: (random) => {
    if (random.chance(0.4)) return { peer: { kind: "direct", id: random.pick(people.telegram) } };
    const id = random.pick(["-1001", "-1002"]);
    if (random.chance(0.5)) return { peer: { kind: "group", id } };
    return { peer: { kind: "group", id: `${id}:topic:${random.integer(1, 2)}` }, parentPeer: { kind: "group", id } };
  },
  slack: (random) => ({
    peer: random.chance(0.4)
      ? { kind: "direct", id: random.pick(people.slack) }
      : random.pick([
          { kind: "channel", id: "C0AB" },
          { kind: "channel", id: "C0CD" },
          { kind: "group", id: "G0AB" },
        ]),
    teamId: random.pick(teams),
  }),
  discord: (random) => {
    if (random.chance(0.2)) return { peer: { kind: "direct", id: "31" } };
    if (random.chance(0.1)) return { peer: { kind: "group", id: "41" } };
    const isThread = random.chance(0.3);
    return {
      peer: { kind: "channel", id: isThread ? "59" : random.pick(["51", "52"]) },
      ...(isThread ? { parentPeer: { kind: "channel", id: random.pick(["51", "52"]) } } : {}),
      guildId: random.pick(guilds),
      memberRoleIds: roles.filter(() => random.chance(0.3)),
    };
  },
  whatsapp: (random) => ({
    peer: random.chance(0.5)
      ? { kind: "direct", id: random.pick(people.whatsapp) }
      : { kind: "group", id: random.pick(["61@g.us", "62@g.us"]) },
  }),
  matrix: (random) =>
    random.chance(0.4)
      ? { peer: { kind: "direct", id: "@Ann:example.org" }, parentPeer: { kind: "channel", id: "!Ab:example.org" } }
      : { peer: { kind: "channel", id: random.pick(["!Ab:example.org", "!Cd:example.org"]) } },
  msteams: (random) => ({
    peer: random.pick([
      { kind: "direct", id: "Ann-1" },
      { kind: "channel", id: "19:Ab@thread.tacv2" },
    ]),
    teamId: "19:Te@thread.tacv2",
  }),
  "brought-by-plugin": (random) => ({
    peer: random.pick([
      { kind: "direct", id: "Ann" },
      { kind: "group", id: "wrAB" },
    ]),
  }),
};

/** A configuration with up to eight bindings and a message that some of them are for, or almost. */
export function randomRoutingCase(seed: number): RoutingCase {
  const random = seededRandom(seed);
  const message = randomMessage(random, random.pick(Object.keys(channels)));
  const others = [randomMessage(random, message.channel), randomMessage(random, random.pick(Object.keys(channels)))];
  const bindings = Array.from({ length: random.integer(0, 8) }, () =>
    randomBinding(random, random.pick([message, message, ...others])),
  );
  const agents = random.pick([
    undefined,
    [{ id: "main" }, { id: "work" }, { id: "Ops" }],
    [{ id: "work" }, { id: "ops", default: true }, { id: "main", default: true }],
  ]);
  const dmScope = random.pick([undefined, "main", "per-peer", "per-channel-peer", "per-account-channel-peer"]);
  const identityLinks = random.pick([
    undefined,
    undefined,
    { Ann: ["telegram:700", "slack:u0ab", "whatsapp:+4915100"], Ben: ["701", "telegram:702"] },
  ]);
  return {
    config: {
      ...(agents === undefined ? {} : { agents: { list: agents } }),
      bindings,
      channels: { [message.channel]: { accounts: { default: {}, work: {}, Second: {} } } },
      session: {
        ...(dmScope === undefined ? {} : { dmScope }),
        ...(identityLinks === undefined ? {} : { identityLinks }),
      },
    },
    input: message,
  };
}

/** What the gateway stores for such a message, under the key that it was given. */
export function sessionFor(input: Message, key: string, agent: string): RegisteredSession {
  const { channel, accountId, peer, parentPeer, guildId, teamId } = input;
  const to = `${channel}:${peer.id}`;
  const space = peer.kind === "direct" || channel === "msteams" ? undefined : (guildId ?? teamId);
  const threadId = channel === "discord" && parentPeer ? peer.id : undefined;
  const account = accountId === undefined ? {} : { accountId };
  return {
    agent,
    key,
    entry: {
      sessionId: "made-up",
      updatedAt: 1,
      chatType: peer.kind,
      origin: { provider: channel, from: to, to, ...account, ...(threadId === undefined ? {} : { threadId }) },
      deliveryContext: { channel, to, ...account },
      lastChannel: channel,
      lastTo: to,
      ...(accountId === undefined ? {} : { lastAccountId: accountId }),
      ...(space === undefined ? {} : { space }),
    },
  };
}

/** The same session, of whose fields some are missing: older releases stored fewer. */
export function withLess(session: RegisteredSession, seed: number): RegisteredSession {
  const random = seededRandom(seed);
  const kept = Object.entries(session.entry).filter(() => random.chance(0.6));
  return { ...session, entry: Object.fromEntries(kept) };
}

function randomMessage(random: Random, channel: string): Message {
  const made = (channels[channel] as (typeof channels)[string])(random);
  return { channel, accountId: random.pick(accounts), ...made };
}

function randomBinding(random: Random, message: Message): object {
  const { channel, accountId, guildId, teamId, parentPeer } = message;
  const peer = parentPeer && random.chance(0.5) ? parentPeer : message.peer;
  const kind = random.pick([peer.kind, peer.kind, peer.kind === "direct" ? "dm" : "group", "channel"]);
  const id = random.pick([peer.id, peer.id, peer.id.toLowerCase(), "*", ` ${peer.id} `]);
  const account = random.pick([undefined, accountId, accountId?.toUpperCase(), "*", " work ", ""]);
  return {
    agentId: random.pick(["main", "work", "Ops", "ghost"]),
    match: {
      channel: random.pick([channel, channel, channel.toUpperCase()]),
      ...(account === undefined ? {} : { accountId: account }),
      ...(random.chance(0.5) ? { peer: { kind, id } } : {}),
      ...(random.chance(0.3) ? { guildId: random.pick([guildId ?? "", ...guilds]) } : {}),
      ...(random.chance(0.3) ? { teamId: random.pick([teamId ?? "", ...teams]) } : {}),
      ...(random.chance(0.2) ? { roles: random.pick([[], ["r1"], ["r2", "r3"]]) } : {}),
    },
  };
}

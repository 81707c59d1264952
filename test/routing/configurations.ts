import type { RegisteredSession } from "../../src/routing/conversation.ts";
import { readRouting } from "../../src/routing/routing.ts";

/** A session as the gateway stores it after a message came in; `more` goes over it. */
export function received(agent: string, rest: string, more: Record<string, unknown> = {}): RegisteredSession {
  const channel = rest.split(":")[0] ?? "";
  const to = `${channel}:somewhere`;
  const accountId = typeof more.accountId === "string" ? more.accountId : "default";
  const { accountId: _told, ...others } = more;
  return {
    agent,
    key: `agent:${agent}:${rest}`,
    entry: {
      sessionId: "made-up",
      updatedAt: 1,
      origin: { provider: channel, from: to, to, accountId },
      deliveryContext: { channel, to, accountId },
      lastChannel: channel,
      lastTo: to,
      lastAccountId: accountId,
      ...others,
    },
  };
}

/** Bindings of a gateway with the agents main (the default), work and home. */
export function bound(bindings: readonly object[], more: Record<string, unknown> = {}, version = "2026.4.15") {
  const agents = { list: [{ id: "main" }, { id: "work" }, { id: "home" }] };
  return readRouting({ agents, bindings, ...more }, { version });
}

/** A binding that gives an agent what matches. */
export const give = (agentId: string, match: object, more: object = {}) => ({ agentId, match, ...more });

import { expect, test } from "vitest";
import { checkGateway } from "../../src/setup/gateway-checks.ts";
import type { CommandFact, GatewayFacts } from "../../src/setup/gateway-facts.ts";
import { saidBy } from "../support/checks.ts";

const restart: CommandFact = { argv: ["restart-it"], program: "/bin/restart-it", needsUserBus: false };
const facts: GatewayFacts = {
  searchPath: "/bin",
  user: "jarvis",
  bus: { isThere: false, lingers: false },
  gateway: { state: "up", because: "the gateway runs as process 7" },
};
const said = (over: Partial<GatewayFacts>) => saidBy(checkGateway({ ...facts, ...over }));

test("without commands there is advice, and nothing where there is no gateway", () => {
  expect(said({})).toEqual(["gateway-up ok", "restart-unset advice"]);
  expect(said({ restart })).toEqual(["gateway-up ok", "command-found ok", "health-unset advice"]);
  const { gateway: _, ...without } = facts;
  expect(checkGateway(without)).toEqual([]);
});

test("a program that cron does not find is an error, and nothing more is asked of it", () => {
  const sudo = { argv: ["x"], program: undefined, isAllowed: false };
  expect(said({ restart: { ...restart, program: undefined, sudo }, health: restart })).toEqual([
    "gateway-up ok",
    "command-not-found error",
    "command-found ok",
  ]);
});

test("sudo that asks for a password is told with the rule that would allow it", () => {
  const sudo = { argv: ["systemctl", "restart", "jarvis"], program: "/usr/bin/systemctl", isAllowed: false };
  const asks = checkGateway({ ...facts, restart: { ...restart, sudo } });
  expect(asks.find(({ kind }) => kind === "sudo-asks")).toMatchObject({
    severity: "error",
    evidence: { user: "jarvis", rule: "/usr/bin/systemctl restart jarvis" },
  });
  expect(said({ restart: { ...restart, sudo: { ...sudo, isAllowed: true } } })).toContain("sudo-allowed ok");
});

test.for([
  { bus: { isThere: true, lingers: true }, kind: "bus-lingers ok" },
  { bus: { isThere: false, lingers: true }, kind: "bus-lingers ok" },
  { bus: { isThere: true, lingers: false }, kind: "bus-ends-with-login warning" },
  { bus: { isThere: false, lingers: false }, kind: "bus-missing error" },
])("a user's service manager: $kind", ({ bus, kind }) => {
  expect(said({ bus, restart: { ...restart, needsUserBus: true } })).toContain(kind);
  expect(said({ bus, restart })).not.toContain(kind);
});

import { type Check, linesOf } from "./check.ts";
import type { CommandFact, GatewayFacts } from "./gateway-facts.ts";

const line = linesOf("gateway");

/** Whether the gateway can be restarted and asked for its health from cron. Pure. */
export function checkGateway(facts: GatewayFacts): Check[] {
  const { restart, health, gateway } = facts;
  const state = gateway
    ? [line(gateway.state === "up" ? "gateway-up" : "gateway-not-seen", "ok", { because: gateway.because })]
    : [];
  if (!gateway && !restart) return [];
  return [
    ...state,
    ...(restart ? checkRestart(restart, facts) : [line("restart-unset", "advice")]),
    ...(health ? [checkProgram("health", health, facts)] : restart ? [line("health-unset", "advice")] : []),
  ];
}

function checkRestart(restart: CommandFact, facts: GatewayFacts): Check[] {
  const program = checkProgram("restart", restart, facts);
  if (program.severity === "error") return [program];
  return [program, ...checkSudo(restart, facts), ...(restart.needsUserBus ? [checkBus(facts)] : [])];
}

function checkProgram(key: "restart" | "health", { argv, program }: CommandFact, { searchPath }: GatewayFacts): Check {
  const evidence = { key: `gateway.${key}`, program: argv[0], searchPath };
  return program === undefined
    ? line("command-not-found", "error", evidence)
    : line("command-found", "ok", evidence, program);
}

function checkSudo({ sudo }: CommandFact, { user }: GatewayFacts): Check[] {
  if (!sudo) return [];
  const rule = [sudo.program ?? sudo.argv[0], ...sudo.argv.slice(1)].join(" ");
  return [sudo.isAllowed ? line("sudo-allowed", "ok", { rule }) : line("sudo-asks", "error", { user, rule })];
}

function checkBus({ bus, user }: GatewayFacts): Check {
  if (bus.lingers) return line("bus-lingers", "ok", { user });
  return line(bus.isThere ? "bus-ends-with-login" : "bus-missing", bus.isThere ? "warning" : "error", { user });
}

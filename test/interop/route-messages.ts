// Run with Node 24: route-messages.ts PACKAGE CASES RESULT. Writes where the package's own routing sends each case.
import { readFileSync, writeFileSync } from "node:fs";
import type { RoutingCase } from "../support/random-routing.ts";
import { reachFunctions } from "./reach-functions.ts";

/** Where the package sends a message, and by what. */
export type Routed = { agentId: string; sessionKey: string; matchedBy: string };

const [folder = "", path = "", result = ""] = process.argv.slice(2);
const { resolveAgentRoute } = await reachFunctions(folder, ["resolveAgentRoute"]);
const cases: RoutingCase[] = JSON.parse(readFileSync(path, "utf8"));
const routed = cases.map(({ config, input }): Routed => {
  const { agentId, sessionKey, matchedBy } = resolveAgentRoute({ cfg: config, ...input });
  return { agentId, sessionKey, matchedBy };
});
writeFileSync(result, JSON.stringify(routed));
// the bundles leave timers behind
process.exit(0);

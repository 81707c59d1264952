// Run with Node 24: read-store.ts PACKAGE STORE. Prints the registry as the package's own reader gives it.
import { writeSync } from "node:fs";
import { reachFunctions } from "./reach-functions.ts";

const [folder = "", store = ""] = process.argv.slice(2);
const { loadSessionStore } = await reachFunctions(folder, ["loadSessionStore"]);
writeSync(1, JSON.stringify(loadSessionStore(store, { skipCache: true })));
// the bundles leave timers behind
process.exit(0);

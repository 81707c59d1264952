// Run with Node 24: read-configs.ts PACKAGE FILES RESULT. Writes what the package's own reader makes of each configuration:
// with includes and variables done, or null where it refuses.
import { readFileSync, writeFileSync } from "node:fs";
import { reachFunctions } from "./reach-functions.ts";

const [folder = "", list = "", result = ""] = process.argv.slice(2);
const { resolveConfigIncludes, resolveConfigEnvVars } = await reachFunctions(folder, [
  "resolveConfigIncludes",
  "resolveConfigEnvVars",
]);
const paths: string[] = JSON.parse(readFileSync(list, "utf8"));
const read = paths.map((path) => {
  try {
    const root = resolveConfigIncludes(JSON.parse(readFileSync(path, "utf8")), path);
    return { root: resolveConfigEnvVars(root, { KNOWN: "value", OTHER_1: "$" }) };
  } catch {
    return null;
  }
});
writeFileSync(result, JSON.stringify(read));
// the bundles leave timers behind
process.exit(0);

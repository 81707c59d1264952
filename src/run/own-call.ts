import { realpathSync } from "node:fs";
import { delimiter, dirname, isAbsolute, resolve } from "node:path";
import { findProgram } from "../host/find-program.ts";
import { shellWord } from "../report/places.ts";
import { leadingVariables } from "../setup/configuration-facts.ts";
import type { Call } from "../setup/cron-lines.ts";

/**
 * How cron is to call this very program: by its name where the search path leads to it, else by its path.
 *
 * @param script the path that it was started by
 * @param node the path of the Node that runs it
 * @param places options that lead to the same homes, each with a blank before it
 */
export function ownCall(
  { script, node, env, cwd }: { script: string; node: string; env: NodeJS.ProcessEnv; cwd: string },
  places: string,
): Call {
  const searchPath = absoluteFolders(env.PATH ?? "");
  const real = realpathSync(resolve(cwd, script));
  const named = findProgram("session-keeper", searchPath);
  const isNamed = named !== undefined && realpathSync(named) === real;
  const nodeOnPath = findProgram("node", searchPath);
  const nodeFolder = dirname(
    nodeOnPath !== undefined && realpathSync(nodeOnPath) === realpathSync(node) ? nodeOnPath : node,
  );
  const variables = Object.entries(leadingVariables(env)).map(([name, value]) => `${name}=${shellWord(value)} `);
  return {
    program: isNamed ? "session-keeper" : callByPath(real),
    folders: [nodeFolder, ...(isNamed ? [dirname(named)] : [])],
    variables: variables.join(""),
    places,
  };
}

/** A file that may not be run by itself is run by Node. */
function callByPath(path: string): string {
  return findProgram(path, "") === undefined ? `node ${shellWord(path)}` : shellWord(path);
}

/** A relative folder would be looked for elsewhere by cron. */
function absoluteFolders(searchPath: string): string {
  return searchPath.split(delimiter).filter(isAbsolute).join(delimiter);
}

import { readFileSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { errnoOf } from "../errors.ts";
import { substituteEnvironment } from "./config-environment.ts";
import { resolveIncludes } from "./config-includes.ts";

/** The gateway's whole configuration. */
export type GatewayConfig = {
  /** as the gateway sees it; texts with a variable that is not known here are an UnknownValue; undefined: unreadable */
  root: unknown;
  /** one sentence: why the gateway refuses this configuration, so that `root` is only what could be read of it */
  problem?: string;
};

/**
 * Reads the gateway's configuration as it sees it: JSON or JSON5, with `$include` and `${ENV}`. Never writes. Plain JSON
 * without includes costs one read and loads no package.
 *
 * @param environment the gateway's own where it is known, such as that of its process
 */
export async function readGatewayConfig(
  path: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<GatewayConfig> {
  try {
    return readWith(JSON.parse, path, environment);
  } catch (error) {
    if (!(error instanceof SyntaxError)) return unreadable(path, error);
  }
  const { default: json5 } = await import("json5");
  try {
    return readWith((text) => json5.parse(text), path, environment);
  } catch (error) {
    return unreadable(path, error);
  }
}

function readWith(
  parse: (text: string) => unknown,
  path: string,
  environment: Readonly<Record<string, string | undefined>>,
): GatewayConfig {
  const problems: string[] = [];
  const root = resolveIncludes(parse(readFileSync(path, "utf8")), path, {
    parse,
    allowedRoots: includeRoots(environment),
    onProblem: (problem) => problems.push(problem),
  });
  const [problem] = problems;
  return { root: substituteEnvironment(root, environment), ...(problem === undefined ? {} : { problem }) };
}

function includeRoots(environment: Readonly<Record<string, string | undefined>>): string[] {
  const { HOME: home } = environment;
  const named = (environment.OPENCLAW_INCLUDE_ROOTS ?? "").split(delimiter).map((root) => root.trim());
  const isOfHome = (root: string) => root === "~" || root.startsWith("~/");
  return named
    .filter((root) => root !== "" && !(isOfHome(root) && home === undefined)) // nobody knows where that is
    .map((root) => resolve(isOfHome(root) ? join(home ?? "", root.slice(1)) : root));
}

/** The parser's own message may quote the file, so it is not told. */
function unreadable(path: string, error: unknown): GatewayConfig {
  if (error instanceof SyntaxError) return { root: undefined, problem: `${path}, or a file it includes, is no JSON5` };
  const code = errnoOf(error);
  if (code === undefined) throw error;
  return { root: undefined, problem: `${path} cannot be read (${code})` };
}

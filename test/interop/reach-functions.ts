import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

// biome-ignore lint/suspicious/noExplicitAny: functions of another program, of which no types are at hand
export type ForeignFunction = (...given: any[]) => any;

/** Parts of the package that hold copies for others: browsers, plugins. */
const ELSEWHERE = new Set(["control-ui", "plugin-sdk", "extensions", "bundled", "canvas-host", "node_modules"]);
const COPY = "reached-";

/**
 * Imports functions of an installed package by the names that they have in its sources. Its bundles keep these names, but
 * export few of them: a bundle that doesn't export one is copied beside itself with an export added.
 *
 * @param folder the package's own folder; is written to
 * @throws Error for a function that no bundle has
 */
export async function reachFunctions<Name extends string>(
  folder: string,
  names: readonly Name[],
): Promise<Record<Name, ForeignFunction>> {
  // some bundles look at the command line when they are loaded
  process.argv.length = 2;
  const bundles = bundlesOf(join(folder, "dist"));
  const reached = {} as Record<Name, ForeignFunction>;
  for (const name of names) reached[name] = await reachFunction(bundles, name);
  return reached;
}

type Bundle = { path: string; text: string };

async function reachFunction(bundles: readonly Bundle[], name: string): Promise<ForeignFunction> {
  const isDefined = new RegExp(`^(?:export )?(?:async )?function ${name}\\(`, "m");
  const candidates = bundles.filter(({ text }) => text.includes(`function ${name}(`) && isDefined.test(text));
  candidates.sort((a, b) => Number(startsProgram(a)) - Number(startsProgram(b)) || a.text.length - b.text.length);
  const bundle = candidates[0];
  if (!bundle) throw new Error(`the package has no function ${name}`);
  const exported = exportedAs(bundle.text, name);
  if (exported !== undefined) return (await import(pathToFileURL(bundle.path).href))[exported];
  const copy = join(dirname(bundle.path), `${COPY}${name}.js`);
  writeFileSync(copy, `${bundle.text}\nexport { ${name} as reached };\n`);
  return (await import(pathToFileURL(copy).href)).reached;
}

function bundlesOf(folder: string): Bundle[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry): Bundle[] => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return ELSEWHERE.has(entry.name) ? [] : bundlesOf(path);
    if (!/\.m?js$/.test(entry.name) || entry.name.startsWith(COPY)) return [];
    return [{ path, text: readFileSync(path, "utf8") }];
  });
}

function exportedAs(text: string, name: string): string | undefined {
  for (const [, list = ""] of text.matchAll(/^export \{([^}]*)\}/gm)) {
    for (const part of list.split(",")) {
      const [local, alias = local] = part.trim().split(" as ");
      if (local === name) return alias;
    }
  }
  return new RegExp(`^export (?:async )?function ${name}\\(`, "m").test(text) ? name : undefined;
}

/** Whether loading this bundle loads the one that runs the command line. */
function startsProgram(bundle: Bundle, seen = new Set<string>()): boolean {
  if (seen.has(bundle.path)) return false;
  seen.add(bundle.path);
  if (/\/dist\/(?:entry|index)\.m?js$/.test(bundle.path)) return true;
  const imports = bundle.text.matchAll(/^(?:import|export)\b[^;\n]*?(?:from )?"(\.[^"]+)";/gm);
  return [...imports].some(([, target = ""]) => {
    const path = resolve(dirname(bundle.path), target);
    return startsProgram({ path, text: textOf(path) }, seen);
  });
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

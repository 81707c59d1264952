import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { build, type Metafile, transform } from "esbuild";

const root = join(import.meta.dirname, "..", "..");
const dist = join(root, "dist");
const PARAMETERS = "exports,require,module,__filename,__dirname";

/**
 * Makes `dist/` of `src/`: `start.js` with all that every run needs, in one file because reading many takes longer, and a
 * file for each part that is loaded when a run turns out to need it. `bin/session-keeper.js` puts them together again.
 */
async function bundle(): Promise<void> {
  const target = "node20.19";
  const { metafile, outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: ["src/main.ts"],
    outdir: "dist",
    chunkNames: "part-[hash]",
    alias: { "node:child_process": "./src/host/child-process.ts" },
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target,
    minify: true,
    legalComments: "none",
    metafile: true,
    write: false,
  });
  rmSync(dist, { recursive: true, force: true });
  mkdirSync(dist);
  writeFileSync(join(dist, "meta.json"), JSON.stringify(metafile)); // for the licenses
  const everyRun = reachedFrom("dist/main.js", metafile.outputs);
  const parts: string[] = [];
  for (const { path, text } of outputFiles) {
    const name = basename(path);
    const supported = { "dynamic-import": false }; // there is a `require` for that
    const { code } = await transform(text, { format: "cjs", platform: "node", target, supported, minify: true });
    if (/[^\0-\x7f]/.test(code)) throw new Error(`${name} is not all ASCII, as which it would be read`);
    const part = `function(${PARAMETERS}){${code}}`;
    if (everyRun.has(`dist/${name}`)) parts.push(`"${name}":${part}`);
    else writeFileSync(join(dist, name), `(${part})`);
  }
  writeFileSync(join(dist, "start.js"), `({${parts.join(",")}})`);
}

/** What is loaded together with an output, itself included. */
function reachedFrom(output: string, outputs: Metafile["outputs"], reached = new Set<string>()): Set<string> {
  reached.add(output);
  for (const { path, kind } of outputs[output]?.imports ?? [])
    if (kind === "import-statement" && outputs[path] && !reached.has(path)) reachedFrom(path, outputs, reached);
  return reached;
}

await bundle();

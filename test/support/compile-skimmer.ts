import { writeFileSync } from "node:fs";
import { join } from "node:path";
import asc from "assemblyscript/asc";

const root = join(import.meta.dirname, "../..");
const source = "src/skimmer/assembly/skim.ts";
const options = ["--optimizeLevel", "3", "--converge", "--noAssert", "--runtime", "stub", "--enable", "simd"];

/** Where the compiled skimmer is committed. */
export const compiledPath = join(root, "src/skimmer/wasm.ts");

/** Compiles the skimmer to WebAssembly. Returns the text of the file that is to be committed. */
export async function compileSkimmer(): Promise<string> {
  let binary: Uint8Array | undefined;
  const { error, stderr } = await asc.main([source, "--baseDir", root, "--outFile", "skim.wasm", ...options], {
    writeFile: (_name, contents) => {
      binary = Buffer.from(contents);
    },
  });
  if (error || !binary) throw new Error(`the skimmer does not compile: ${stderr.toString()}`, { cause: error });
  return [
    "/** Compiled from `assembly/` by `test/support/compile-skimmer.ts`. A test compares the two. */",
    `export const wasmBase64 =\n  "${Buffer.from(binary).toString("base64")}";`,
    "",
  ].join("\n");
}

if (process.argv[1] === import.meta.filename) writeFileSync(compiledPath, await compileSkimmer());

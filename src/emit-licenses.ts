/**
 * Run at build, `tsx src/emit-licenses.ts dist`: the bundle holds other people's packages, whose licenses ask for their
 * text to go along.
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

type Package = { name: string; version: string; license: string };

const directory = process.argv[2] ?? "dist";
const metafile = join(directory, "meta.json");
const { inputs } = JSON.parse(readFileSync(metafile, "utf8")) as { inputs: Record<string, unknown> };
const folders = new Set(
  Object.keys(inputs).flatMap((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []),
);
const texts = [...folders].sort().map((folder) => {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Package;
  const file = readdirSync(folder).find((one) => /^(?:licen[cs]e|copying)/i.test(one));
  return `${name} ${version} (${license})\n\n${file ? readFileSync(join(folder, file), "utf8").trim() : "It comes without a license text of its own."}\n`;
});
writeFileSync(join(directory, "third-party-licenses.txt"), texts.join(`\n${"-".repeat(78)}\n\n`));
rmSync(metafile);

/** Run at build, `node dist/emit-schema.js dist`: writes the JSON Schemas that the package carries. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { configurationJsonSchema } from "./config/schema.ts";
import { reportJsonSchema } from "./report/schema.ts";

const documents: Record<string, () => object> = {
  "config.schema.json": () => ({ title: "Configuration of session-keeper", ...configurationJsonSchema() }),
  "report.schema.json": () => ({ title: "Report of session-keeper", ...reportJsonSchema() }),
};

const directory = process.argv[2] ?? "dist";
mkdirSync(directory, { recursive: true });
for (const [name, schema] of Object.entries(documents)) {
  writeFileSync(join(directory, name), `${JSON.stringify(schema(), null, 2)}\n`);
}

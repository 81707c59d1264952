/** Run at build, `tsx src/emit-documents.ts dist`: writes the JSON Schemas and the manual page that the package carries. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { configurationJsonSchema } from "./config/schema.ts";
import { manPage } from "./manual/man-page.ts";
import { reportJsonSchema } from "./report/schema.ts";

const json = (schema: object) => `${JSON.stringify(schema, null, 2)}\n`;

const documents: Record<string, () => string> = {
  "config.schema.json": () => json({ title: "Configuration of session-keeper", ...configurationJsonSchema() }),
  "report.schema.json": () => json({ title: "Report of session-keeper", ...reportJsonSchema() }),
  "session-keeper.1": () => manPage(version),
};

const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
const directory = process.argv[2] ?? "dist";
mkdirSync(directory, { recursive: true });
for (const [name, write] of Object.entries(documents)) writeFileSync(join(directory, name), write());

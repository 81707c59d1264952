import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A transcript of the fixtures, and what is expected of it. */
export type FixtureCase = {
  dialect: "claude-code" | "openclaw";
  name: string;
  path: string;
  /** in one sentence */
  what: string;
  findings: { kind: string; severity: string; line: number; ids: string[] }[];
  /** the exact bytes after a repair; undefined when it changes nothing */
  repaired: Buffer | undefined;
};

const root = join(import.meta.dirname, "..", "..", "fixtures");

/** Every damaged transcript of the fixtures, in both dialects. */
export function damagedCases(): FixtureCase[] {
  return casesIn("damaged").map((one) => {
    const expected = JSON.parse(readFileSync(one.path.replace(/\.jsonl$/, ".expected.json"), "utf8"));
    const repaired = one.path.replace(/\.jsonl$/, ".repaired.jsonl");
    return { ...one, ...expected, repaired: existsSync(repaired) ? readFileSync(repaired) : undefined };
  });
}

/** Every healthy one. */
export function healthyCases(): FixtureCase[] {
  return casesIn("healthy");
}

function casesIn(kind: string): FixtureCase[] {
  return (["claude-code", "openclaw"] as const).flatMap((dialect) => {
    const folder = join(root, kind, dialect);
    return readdirSync(folder)
      .filter((name) => name.endsWith(".jsonl") && !name.endsWith(".repaired.jsonl"))
      .map((name) => ({
        dialect,
        name: name.replace(/\.jsonl$/, ""),
        path: join(folder, name),
        what: "",
        findings: [],
        repaired: undefined,
      }));
  });
}

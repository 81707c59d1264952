import { readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { expect, test } from "vitest";

const src = join(import.meta.dirname, "..", "..", "src");
const STATIC = /^(?:import|export)\s+(?!type\s)[^"';]*?from\s+"(\.[^"]+)"/gm;
const LATER = /\bimport\("([^"]+)"\)/g;

/** What is loaded when it is needed, by all that the work on an installation may come to. */
function loadedLater(): Set<string> {
  const later = new Set<string>();
  const waiting = ["run/side-by-side.ts"];
  for (const file of waiting) {
    const text = readFileSync(join(src, file), "utf8");
    const at = (name: string) => (name.startsWith(".") ? normalize(join(dirname(file), name)) : name);
    const now = [...text.matchAll(STATIC)].map(([, name = ""]) => at(name));
    const then = [...text.matchAll(LATER)].map(([, name = ""]) => at(name)).filter((name) => !name.startsWith("node:"));
    for (const name of then) later.add(name);
    waiting.push(...[...now, ...then].filter((name) => name.endsWith(".ts") && !waiting.includes(name)));
  }
  return later;
}

test("a child process has loaded all that it may need before it becomes somebody who may not read the program", () => {
  const text = readFileSync(join(src, "run/worker.ts"), "utf8");
  const ahead = [...text.matchAll(LATER)].map(([, name = ""]) =>
    name.startsWith(".") ? normalize(join("run", name)) : name,
  );
  const needed = loadedLater();
  expect(needed.size).toBeGreaterThan(10);
  expect([...needed].filter((name) => !ahead.includes(name))).toEqual([]);
});

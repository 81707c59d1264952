import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Random, seededRandom } from "./random.ts";

const FILES = ["openclaw.json", "a.json", "b.json", "parts/c.json", "parts/d.json"];

/** Writes a configuration of several files, some of which include others, themselves or what is not there. Returns its path. */
export function writeRandomConfig(folder: string, seed: number): string {
  const random = seededRandom(seed);
  mkdirSync(join(folder, "parts"), { recursive: true });
  for (const name of FILES) writeFileSync(join(folder, name), JSON.stringify(randomPart(random, 3, name)));
  return join(folder, FILES[0] as string);
}

function randomPart(random: Random, depth: number, from: string): unknown {
  const kind = depth === 3 ? 0 : depth <= 0 ? 1 : random.integer(0, 3);
  if (kind === 1) return random.pick(["plain", 7, true, null, randomText(random)]);
  if (kind === 2) return Array.from({ length: random.integer(0, 2) }, () => randomPart(random, depth - 1, from));
  if (kind === 3) return randomText(random);
  const object: Record<string, unknown> = {};
  for (const name of ["x", "y", "z", "w"]) {
    if (random.chance(0.5)) object[name] = randomPart(random, depth - 1, from);
  }
  if (random.chance(0.35)) object.$include = randomInclude(random, from);
  return object;
}

/** Mostly what does not lead back here: nearly all circles would hide everything else. */
function randomInclude(random: Random, from: string): unknown {
  const later = FILES.slice(FILES.indexOf(from) + 1);
  const one = () => {
    const name = random.chance(0.95) && later.length > 0 ? random.pick(later) : random.pick([...FILES, "missing.json"]);
    return from.startsWith("parts/") ? `../${name}` : `./${name}`;
  };
  return random.pick([one(), one(), [one(), one()], [one()], [], random.chance(0.2) ? 7 : one()]);
}

function randomText(random: Random): string {
  const names = ["{KNOWN}", "{OTHER_1}", "{lower}", "{}"];
  const pieces = ["$", "$$", "{", "}", "a", " ", ...names.flatMap((name) => [`$${name}`, `$$${name}`])];
  const rare = random.chance(0.05) ? [`$${"{MISSING}"}`] : [];
  return Array.from({ length: random.integer(0, 5) }, () => random.pick([...pieces, ...rare])).join("");
}

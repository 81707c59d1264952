import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { partialName, removeAbandoned } from "../../src/apply/abandoned.ts";
import { age, type Home, makeHome } from "../support/home.ts";
import { toolsFor } from "../support/sidecars.ts";

const HOUR_MS = 3_600_000;
/** No process of this machine has such a number. */
const ELSEWHERE = 9_999_999;

let home: Home;
beforeEach(() => {
  home = makeHome();
});
afterEach(() => home.remove());

test("half an archive goes when its process here is gone, or when it is old; a fresh one may be of another host", async () => {
  const folder = join(home.root, "archives");
  mkdirSync(folder);
  const put = (name: string, idleMs: number) => {
    const path = join(folder, name);
    writeFileSync(path, "half");
    age(path, idleMs);
    return path;
  };
  const ofHere = partialName("o.jsonl.gz").replace(`.${process.pid}-`, `.${ELSEWHERE}-`);
  const gone = [put(`a.jsonl.gz.${ELSEWHERE}.partial`, 2 * HOUR_MS), put(ofHere, 0)];
  const kept = [
    put(`b.jsonl.gz.${ELSEWHERE}.partial`, HOUR_MS / 2),
    put(`f.jsonl.gz.${ELSEWHERE}-00000000.partial`, HOUR_MS / 2),
    put(partialName("g.jsonl.gz"), 2 * HOUR_MS),
    put(`c.jsonl.gz.${process.pid}.partial`, 2 * HOUR_MS),
    put("d.jsonl.gz.1.partial", 2 * HOUR_MS),
    put("e.jsonl.gz", 2 * HOUR_MS),
  ];
  removeAbandoned(folder, await toolsFor(home, "run"));
  expect(gone.filter((path) => existsSync(path))).toEqual([]);
  expect(kept.filter((path) => !existsSync(path))).toEqual([]);
});

import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type LogPositions, readLogs } from "../../src/gateway-log/read-logs.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "keeper-follow-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What happens to a log between two looks at it. */
type Step = "dated" | "undated" | "harmless" | "torn" | "rename" | "rename-only" | "copy" | "pack" | "held" | "look";
const steps = fc.constantFrom<Step>(
  "dated",
  "dated",
  "undated",
  "harmless",
  "torn",
  "rename",
  "rename-only",
  "copy",
  "pack",
  "held",
  "look",
  "look",
);

/** A log that a gateway writes to, and that logrotate handles in all its ways. */
function aLog(path: string) {
  let at = Date.now();
  let written = 0;
  /** the second half of a line that was not written out yet, and where to */
  let torn = "";
  const log = (number: number) => (number === 0 ? path : `${path}.${number}`);
  const nameOf = (number: number) => [log(number), `${log(number)}.gz`].find((name) => existsSync(name));
  const complete = () => {
    if (torn) appendFileSync(path, torn);
    torn = "";
  };
  const match = () => `unexpected \`tool_use_id\` found in \`tool_result\` blocks: toolu_${++written}.\n`;
  const date = () => new Date(++at).toISOString();
  const shift = () => {
    let last = 0;
    while (nameOf(last + 1)) last++;
    for (; last > 0; last--) {
      const name = nameOf(last) ?? "";
      renameSync(name, name.replace(`.${last}`, `.${last + 1}`));
    }
  };
  const take: Record<Exclude<Step, "look">, () => void> = {
    dated: () => appendFileSync(path, `${date()} [agent] ${match()}`),
    undated: () => appendFileSync(path, `${date()} [agent] next\n    ${match()}`),
    harmless: () => appendFileSync(path, `${date()} [memory] FailoverError: No API key found\n`),
    torn: () => {
      const line = `${date()} [agent] ${match()}`;
      appendFileSync(path, line.slice(0, 60));
      torn = line.slice(60);
    },
    rename: () => {
      take["rename-only"]();
      writeFileSync(path, "");
    },
    "rename-only": () => {
      if (!existsSync(path)) return;
      shift();
      renameSync(path, log(1));
    },
    copy: () => {
      if (!existsSync(path)) return;
      shift();
      copyFileSync(path, log(1));
      truncateSync(path);
    },
    pack: () => {
      const plain = [1, 2, 3].map(log).find((name) => existsSync(name));
      if (!plain) return;
      const { atime, mtime } = statSync(plain);
      writeFileSync(`${plain}.gz`, gzipSync(readFileSync(plain)));
      utimesSync(`${plain}.gz`, atime, mtime);
      rmSync(plain);
    },
    // A writer that kept its descriptor goes on writing to the renamed file.
    held: () => {
      if (existsSync(log(1)) && !existsSync(`${path}.copied`)) appendFileSync(log(1), `${date()} [agent] ${match()}`);
    },
  };
  return {
    take: (step: Exclude<Step, "look">) => {
      complete();
      take[step]();
    },
    now: () => ++at,
    written: () => written,
    isTorn: () => torn !== "",
    complete,
  };
}

/** Sequences that went wrong once, or would without one of the precautions. */
const known: [Step[]][] = [
  [["rename", "dated", "look", "held", "dated", "pack"]],
  [["rename", "dated", "look", "pack", "rename", "dated"]],
  [["dated", "copy", "look", "dated", "copy", "pack", "dated", "pack", "dated"]],
  [["dated", "copy", "look", "held", "pack", "look", "dated"]],
  [["dated", "rename-only", "pack", "look", "dated"]],
  [["rename-only", "dated", "rename-only", "copy", "pack", "look"]],
  [["torn", "look", "copy", "dated"]],
  [["torn", "look", "rename", "pack", "dated"]],
  [["copy", "held", "torn", "look", "pack", "rename-only", "look"]],
];

test.each([
  { what: "a path", source: (path: string) => path },
  { what: "a glob over its older parts", source: (path: string) => `${path}*` },
])(
  "each line of a log is delivered once, however it is rotated between looks: $what",
  async ({ source }) => {
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { minLength: 3, maxLength: 25 }), async (sequence) => {
        const own = mkdtempSync(join(folder, "run-"));
        const path = join(own, "gw.log");
        const log = aLog(path);
        let positions: LogPositions = {};
        let lastLookAt: number | undefined;
        const delivered: string[] = [];
        const look = async () => {
          const now = log.now();
          const read = await readLogs([source(path)], JSON.parse(JSON.stringify(positions)), {
            now,
            windowMs: 3_600_000,
            ...(lastLookAt === undefined ? {} : { lastLookAt }),
            signatures: [],
            ignore: [],
            env: {},
          });
          expect(read.problems).toEqual([]);
          positions = read.positions;
          lastLookAt = now;
          delivered.push(...read.matches.flatMap(({ toolIds }) => toolIds));
        };
        writeFileSync(path, "");
        await look();
        for (const step of sequence) {
          if (step === "look") await look();
          else log.take(step);
        }
        log.take("harmless");
        await look();
        await look();
        const all = Array.from({ length: log.written() }, (_, index) => `toolu_${index + 1}`);
        expect(delivered.toSorted()).toEqual(all.toSorted());
        rmSync(own, { recursive: true });
      }),
      { numRuns: 60, examples: known },
    );
  },
  60_000,
);

test("a log that vanishes without a trace goes on where it was when it is back", async () => {
  const own = mkdtempSync(join(folder, "lost-"));
  const path = join(own, "gw.log");
  const log = aLog(path);
  const look = (positions: LogPositions) =>
    readLogs([path], positions, {
      now: log.now(),
      windowMs: 3_600_000,
      lastLookAt: 1,
      signatures: [],
      ignore: [],
      env: {},
    });
  log.take("dated");
  const first = await look({});
  renameSync(path, join(folder, "unmounted"));
  const second = await look(first.positions);
  expect(second.positions).toEqual(first.positions);
  renameSync(join(folder, "unmounted"), path);
  log.take("dated");
  expect((await look(second.positions)).matches.flatMap(({ toolIds }) => toolIds)).toEqual(["toolu_2"]);
});

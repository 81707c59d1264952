import { fork } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { appendToCatalog, type CatalogRecord, catalogPathOf, readCatalog } from "../../src/archive/catalog.ts";
import { finishRewrites, isLongCatalog, rewriteCatalog } from "../../src/archive/rewrite-catalog.ts";
import { type Disk, openDisk } from "../../src/disk/disk.ts";
import { asidePathFor, draftPathFor } from "../../src/disk/left-behind.ts";
import { recordOf } from "../support/records.ts";

const disk = openDisk();
let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "keeper-rewrite-"));
  path = catalogPathOf(folder);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const add = (record: CatalogRecord) => appendToCatalog(disk, folder, record);
const lineOf = (record: object) => `${JSON.stringify(record)}\n`;
const segments = () => readCatalog(folder).map(({ segment }) => segment);
const linesIn = () => readFileSync(path, "utf8").split("\n").slice(0, -1);

/** A disk on which something happens at the swap, just before it or just after. */
function diskWith(moment: { before?: () => void; after?: () => void }): Disk {
  return {
    ...disk,
    rename(from: string, to: string) {
      moment.before?.();
      disk.rename(from, to);
      moment.after?.();
    },
  };
}

describe("a rewrite", () => {
  test("leaves one line for each archive, with all that its record holds, and no unreadable one", () => {
    const later = { ...recordOf({ segment: 1 }), next: "x", aFieldOfANewerRelease: { files: 2 } };
    add(recordOf({ segment: 1 }));
    appendFileSync(path, 'garbage\n{"kind":"of a newer release"}\n');
    add(recordOf({ segment: 2 }));
    add(later);
    appendToCatalog(disk, folder, { pruned: recordOf({ segment: 2 }).archive, at: "", runId: "" });
    chmodSync(path, 0o640);
    expect(rewriteCatalog(disk, folder)).toBe(true);
    expect(linesIn()).toEqual(['{"kind":"of a newer release"}', JSON.stringify(later)]);
    expect(statSync(path).mode & 0o777).toBe(0o640);
    expect(readdirSync(folder)).toEqual(["catalog.jsonl"]);
  });

  test("puts what the catalog lacked where its time is, and believes what the catalog knows", () => {
    for (const segment of [2, 4]) add(recordOf({ segment }));
    rewriteCatalog(
      disk,
      folder,
      [1, 3, 4, 5].map((segment) => recordOf({ segment, runId: "rebuilt" })),
    );
    expect(segments()).toEqual([1, 2, 3, 4, 5]);
    expect(readCatalog(folder).map(({ runId }) => runId)).toEqual(["rebuilt", "run", "rebuilt", "run", "rebuilt"]);
  });

  test("makes a catalog where there is none", () => {
    rewriteCatalog(disk, folder, [recordOf({})]);
    expect([segments(), statSync(path).mode & 0o777]).toEqual([[1], 0o600]);
  });

  test("is due when most of many lines are out of date", () => {
    const line = lineOf(recordOf({}));
    writeFileSync(path, line.repeat(1000));
    expect(isLongCatalog(folder)).toBe(false);
    appendFileSync(path, line);
    expect(isLongCatalog(folder)).toBe(true);
    const many = Array.from({ length: 600 }, (_, index) => lineOf(recordOf({ segment: index + 1 })));
    writeFileSync(path, many.join("").repeat(2));
    expect(isLongCatalog(folder)).toBe(false);
  });
});

describe("lines that others add during a rewrite", () => {
  test("to the old file are carried over", () => {
    add(recordOf({ segment: 1 }));
    rewriteCatalog(diskWith({ before: () => add(recordOf({ segment: 2 })) }), folder);
    expect(segments()).toEqual([1, 2]);
    expect(readdirSync(folder)).toEqual(["catalog.jsonl"]);
  });

  test("to the new file stay the last word", () => {
    const before = () => {
      add({ ...recordOf({ segment: 1 }), next: "early" });
      add(recordOf({ segment: 2 }));
    };
    const after = () => {
      add({ ...recordOf({ segment: 1 }), next: "late" });
      appendToCatalog(disk, folder, { pruned: recordOf({ segment: 2 }).archive, at: "", runId: "" });
    };
    add(recordOf({ segment: 1 }));
    rewriteCatalog(diskWith({ before, after }), folder);
    expect(readCatalog(folder)).toEqual([{ ...recordOf({ segment: 1 }), next: "late" }]);
  });

  test("between the look at the new file and the carrying over stay the last word, too", () => {
    add(recordOf({ segment: 1 }));
    let isFirst = true;
    const raced: Disk = {
      ...diskWith({ before: () => add({ ...recordOf({ segment: 1 }), next: "early" }) }),
      append(...args) {
        if (isFirst) disk.append(path, lineOf({ ...recordOf({ segment: 1 }), next: "late" }), { sync: false });
        isFirst = false;
        return disk.append(...args);
      },
    };
    rewriteCatalog(raced, folder);
    expect(readCatalog(folder)).toEqual([{ ...recordOf({ segment: 1 }), next: "late" }]);
  });

  test("are safe when the disk is full by then: the next run carries them over", () => {
    add(recordOf({ segment: 1 }));
    const full: Disk = {
      ...diskWith({ before: () => add(recordOf({ segment: 2 })) }),
      append() {
        throw Object.assign(new Error("ENOSPC"), { code: "ENOSPC" });
      },
    };
    expect(() => rewriteCatalog(full, folder)).toThrow("ENOSPC");
    expect(segments()).toEqual([1]);
    finishRewrites(disk, folder);
    expect([segments(), readdirSync(folder)]).toEqual([[1, 2], ["catalog.jsonl"]]);
  });

  test("of another rewrite that was faster are left alone", () => {
    add(recordOf({ segment: 1 }));
    const raced: Disk = {
      ...disk,
      createWith(...args) {
        disk.createWith(...args);
        add(recordOf({ segment: 2 }));
        rewriteCatalog(disk, folder);
      },
    };
    expect(rewriteCatalog(raced, folder)).toBe(false);
    expect([segments(), readdirSync(folder)]).toEqual([[1, 2], ["catalog.jsonl"]]);
  });

  test("by a process at full speed are all there after fifty rewrites, in their last state", async () => {
    const appender = fork(new URL("./append-to-catalog.ts", import.meta.url), [folder], {
      execArgv: ["--import", "tsx"],
    });
    await once(appender, "message");
    for (let round = 0; round < 50; round += 1) {
      expect(rewriteCatalog(disk, folder)).toBe(true);
      await sleep(2);
    }
    appender.send("stop");
    const [count] = (await once(appender, "message")) as [number];
    expect(count).toBeGreaterThan(50);
    const told = new Map(readCatalog(folder).map(({ segment, next }) => [segment, next]));
    const expected = Array.from({ length: count }, (_, index) => [index + 1, "known"] as const);
    expect([...told].toSorted(([a], [b]) => a - b)).toEqual(expected.filter(([segment]) => segment % 3 !== 0));
    expect(readdirSync(folder)).toEqual(["catalog.jsonl"]);
  }, 60_000);
});

describe("what a killed rewrite leaves", () => {
  test("is cleared away, but a draft of somebody at work stays", () => {
    add(recordOf({ segment: 1 }));
    const [old, fresh] = [draftPathFor(path), draftPathFor(path)];
    for (const draft of [old, fresh]) writeFileSync(draft, "");
    utimesSync(old, 0, 0);
    const aside = asidePathFor(path, statSync(path).size);
    disk.link(path, aside); // killed before the swap
    finishRewrites(disk, folder);
    expect(readdirSync(folder).map((name) => join(folder, name))).toEqual([path, fresh]);
  });

  test("gives back a catalog that is lost by now", () => {
    for (const segment of [1, 2]) add(recordOf({ segment }));
    disk.link(path, asidePathFor(path, statSync(path).size));
    rmSync(path);
    finishRewrites(disk, folder);
    expect(segments()).toEqual([1, 2]);
  });
});
